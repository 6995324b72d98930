import { load } from "js-yaml";
import type { ApiClient } from "../../control-plane/src/kubernetes-api/api-client.ts";
import type { KubernetesObject } from "../../control-plane/src/kubernetes-api/object.ts";
import { RESOURCE } from "../../control-plane/src/kubernetes-api/resource-types.ts";

/** What is known of an Istio in a cluster. */
export interface Mesh {
  /** Of its control plane. */
  readonly namespace: string;
  /** Where EnvoyFilters hold for every namespace. */
  readonly rootNamespace: string;
  /** What a version can be read from; undefined where nothing says one. */
  readonly versionText: string | undefined;
  /** Where that stood, in words. */
  readonly versionSource: string;
  /** Gateways are told only of clusters that routes name. */
  readonly prunesGatewayClusters: boolean;
  /** Calls that no route says anything about, such as those between nodes of a graph, are tried again: a reward counts twice. */
  readonly hasDefaultRetries: boolean;
  /** Names of its ready pods. */
  readonly pods: readonly string[];
}

interface Container {
  readonly image?: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

interface MeshConfig {
  readonly rootNamespace?: string;
  readonly defaultHttpRetryPolicy?: { readonly attempts?: number };
}

const VERSION = /\d+\.\d+/;

function containersOf(pod: KubernetesObject): readonly Container[] {
  return ((pod["spec"] ?? {}) as { readonly containers?: readonly Container[] }).containers ?? [];
}

/** The first thing that says a version: labels of the charts, then the tag of the image. */
function versionOf(pod: KubernetesObject): { readonly text: string; readonly source: string } | undefined {
  const labels = pod.metadata.labels ?? {};
  const named = ["app.kubernetes.io/version", "operator.istio.io/version"].map((label) => {
    return { text: labels[label] ?? "", source: `label ${label} of its pod` };
  });
  const [image = ""] = containersOf(pod).map((one) => one.image ?? "");
  const tag = image.slice(image.lastIndexOf("/") + 1).split(/[:@]/)[1] ?? "";
  return [...named, { text: tag, source: `its image ${image}` }].find(({ text }) => VERSION.test(text));
}

function isReady(pod: KubernetesObject): boolean {
  const { conditions = [] } = (pod["status"] ?? {}) as {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}

async function readMeshConfig(client: ApiClient, namespace: string, revision: string): Promise<MeshConfig> {
  const name = revision === "" || revision === "default" ? "istio" : `istio-${revision}`;
  const map = await client.get(RESOURCE.configMap, { namespace, name });
  const { mesh } = (map?.["data"] ?? {}) as { readonly mesh?: string };
  return load(mesh ?? "") ?? {};
}

/**
 * Every Istio of the cluster: pods with the label `app=istiod`, by namespace and revision.
 *
 * @param namespace of its control plane, where only one is to be looked for
 */
export async function findMeshes(client: ApiClient, namespace?: string): Promise<readonly Mesh[]> {
  const where = namespace === undefined ? {} : { namespace };
  const { items } = await client.list(RESOURCE.pod, { ...where, labelSelector: "app=istiod" });
  const byRevision = Map.groupBy(items, (pod) => `${pod.metadata.namespace ?? ""} ${revisionOf(pod)}`);
  return Promise.all([...byRevision.values()].map((pods) => describeMesh(client, pods)));
}

function revisionOf({ metadata }: KubernetesObject): string {
  return metadata.labels?.["istio.io/rev"] ?? "";
}

async function describeMesh(client: ApiClient, pods: readonly KubernetesObject[]): Promise<Mesh> {
  const [pod] = pods;
  if (pod === undefined) throw new Error("a group has at least one pod");
  const { namespace = "" } = pod.metadata;
  const config = await readMeshConfig(client, namespace, revisionOf(pod));
  const variables = containersOf(pod).flatMap(({ env = [] }) => env.map((one) => [one.name, one.value] as const));
  const version = versionOf(pod);
  return {
    namespace,
    rootNamespace: config.rootNamespace ?? namespace,
    versionText: version?.text,
    versionSource: version?.source ?? "neither labels nor the image of its pods",
    prunesGatewayClusters: new Map(variables).get("PILOT_FILTER_GATEWAY_CLUSTER_CONFIG") === "true",
    hasDefaultRetries: config.defaultHttpRetryPolicy?.attempts !== 0,
    pods: pods.filter(isReady).map(({ metadata }) => metadata.name),
  };
}
