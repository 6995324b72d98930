import { join } from "node:path";
import { NotRun } from "./scenario.ts";
import type { World } from "./world.ts";

const RELEASE = "istiod";
const CHART = "manifests/charts/istio-control/istio-discovery";
const PROXY = "docker.io/graphway/istio-proxy:1";
/** Of this mesh's certificates; the cluster's own istiod writes Istio's usual name into all namespaces. */
const TRUST_BUNDLE = "own-istio-ca-root-cert";

/** The label by which pods get their sidecars from this mesh, on namespaces or on pods. */
export function inMesh({ namespace }: World): Readonly<Record<string, string>> {
  return { "istio.io/rev": namespace };
}

/**
 * An istiod of a scenario's own by Istio's chart, as users install it: it injects sidecars, issues certificates, turns on mTLS where both
 * sides can, and sees these namespaces alone. Its root namespace is the world's.
 */
export async function installIstio(world: World, namespaces: readonly string[]): Promise<void> {
  const istioSource = sourceFor(world);
  const values = Object.entries(valuesFor(world.namespace, namespaces)).flatMap(([name, value]) => [
    "--set-json",
    `${name}=${JSON.stringify(value)}`,
  ]);
  await world.helm("install", RELEASE, join(istioSource, CHART), ...values, "--wait", "--timeout", "240s");
}

/** Where the chart is. Throws where the cluster has no images for it. */
export function sourceFor({ target }: World): string {
  if (target.istioSource === undefined) throw new NotRun("the proxy's image is in the cluster of this checkout alone");
  return target.istioSource;
}

/** Takes it away with its webhooks and roles, which no namespace holds. Quiet where it is not there. */
export async function uninstallIstio(world: World): Promise<void> {
  await world.helm("uninstall", RELEASE, "--ignore-not-found", "--wait", "--timeout", "240s");
}

function valuesFor(namespace: string, seen: readonly string[]): Readonly<Record<string, unknown>> {
  const matchExpressions = [{ key: "kubernetes.io/metadata.name", operator: "In", values: [namespace, ...seen] }];
  const resources = { requests: { cpu: "10m", memory: "64Mi" }, limits: { cpu: "2", memory: "1Gi" } };
  return {
    revision: namespace,
    image: "docker.io/graphway/istiod:1",
    autoscaleEnabled: false,
    resources: { requests: { cpu: "50m", memory: "64Mi" } },
    // The Envoys here are plain ones, without Istio's own extensions.
    telemetry: { enabled: false },
    env: {
      ENABLE_LEADER_ELECTION: "false",
      PILOT_DEBOUNCE_AFTER: "20ms",
      PILOT_ENABLE_METADATA_EXCHANGE: "false",
      PILOT_ENABLE_ALPN_FILTER: "false",
    },
    meshConfig: {
      enableTracing: false,
      discoverySelectors: [{ matchExpressions }],
      // pilot-agent knows it of its build alone.
      defaultConfig: { proxyMetadata: { ISTIO_META_ISTIO_VERSION: "1.31.0" } },
    },
    global: {
      istioNamespace: namespace,
      trustBundleName: TRUST_BUNDLE,
      // The image has no iptables.
      nativeNftables: true,
      imagePullPolicy: "Never",
      defaultPodDisruptionBudget: { enabled: false },
      proxy: { image: PROXY, readinessPeriodSeconds: 1, resources },
      proxy_init: { image: PROXY },
    },
  };
}
