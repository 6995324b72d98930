import type { ApiClient } from "../../control-plane/src/kubernetes-api/api-client.ts";
import { RESOURCE } from "../../control-plane/src/kubernetes-api/resource-types.ts";
import type { IstioInstallation, Reach } from "../../control-plane/src/render/istio/installation/options.ts";
import { judgeIstioVersion, type VersionVerdict } from "../../control-plane/src/render/istio/installation/versions.ts";
import { UsageError } from "../words.ts";
import { findMeshes, type Mesh } from "./mesh.ts";
import type { Istiod, Proxy } from "./proxies.ts";

const XDS_SERVICE = "graphway-xds";
const XDS_PORT = 18_000;

/** A decision and why it fell so. */
export interface Decision<T> {
  readonly value: T;
  readonly because: string;
}

/** The one Istio that is meant. Throws UsageError where there is none, or more than one. */
export async function chooseMesh(client: ApiClient, namespace: string | undefined): Promise<Mesh> {
  const meshes = await findMeshes(client, namespace);
  const [mesh, ...others] = meshes;
  const where = namespace === undefined ? "in the cluster" : `in namespace ${namespace}`;
  if (mesh === undefined) throw new UsageError(`there is no Istio ${where}: no pod has the label app=istiod`);
  if (others.some((one) => one.namespace !== mesh.namespace))
    throw new UsageError(
      `there are several Istios (${meshes.map((one) => one.namespace).join(", ")}): name one by --istio-namespace`,
    );
  return mesh;
}

/** The version of the mesh, by what knows it best. */
export async function chooseVersion(
  mesh: Mesh,
  istiod: Istiod,
  proxies: readonly Proxy[],
  given: string | undefined,
): Promise<Decision<VersionVerdict>> {
  if (given !== undefined) return { value: judgeIstioVersion(given), because: "you said so" };
  if (mesh.versionText !== undefined)
    return { value: judgeIstioVersion(mesh.versionText), because: mesh.versionSource };
  const own = judgeIstioVersion(await istiod.version().catch(() => ""));
  if (own.kind !== "unknown") return { value: own, because: "istiod says so" };
  const versions = [...new Set(proxies.map((one) => one.version))].filter(
    (one) => judgeIstioVersion(one).kind !== "unknown",
  );
  const oldest = versions.sort((a, b) => a.localeCompare(b, undefined, { numeric: true }))[0];
  return { value: judgeIstioVersion(oldest), because: "its oldest proxy says so" };
}

/** How proxies reach the control plane. One behind a sidecar takes nothing but the mesh's own mTLS where that is strict. */
export function chooseReach(mesh: Mesh, isInMesh: boolean, given: Reach | undefined): Decision<Reach> {
  if (given !== undefined) return { value: given, because: "you said so" };
  if (isInMesh) return { value: { by: "mesh" }, because: "the control plane has a sidecar: mTLS" };
  return mesh.prunesGatewayClusters
    ? { value: { by: "cluster" }, because: "istiod tells gateways only of clusters that routes name" }
    : { value: { by: "mesh" }, because: "the mesh knows the Service; in plain text: the control plane has no sidecar" };
}

/** What of a reach will not work, in words. */
export function warnOfReach(mesh: Mesh, isInMesh: boolean, reach: Reach): string | undefined {
  if (!isInMesh) return undefined;
  if (reach.by === "cluster")
    return "the control plane has a sidecar, which with strict mTLS refuses what does not come by the mesh's cluster";
  return mesh.prunesGatewayClusters
    ? "istiod tells gateways only of clusters that routes name: name the Service in a VirtualService of theirs"
    : undefined;
}

/** Whether the pods of our Service have a sidecar. Not known: no. */
export async function isInMesh(client: ApiClient, { host }: IstioInstallation["controlPlane"]): Promise<boolean> {
  const [name = "", namespace = ""] = host.split(".");
  const service = await client.get(RESOURCE.service, { namespace, name });
  const { selector } = (service?.["spec"] ?? {}) as { readonly selector?: Readonly<Record<string, string>> };
  if (selector === undefined) return false;
  const labelSelector = Object.entries(selector).map(([label, value]) => `${label}=${value}`);
  const { items } = await client.list(RESOURCE.pod, { namespace, labelSelector: labelSelector.join(",") });
  return items.some(({ metadata }) => metadata.labels?.["security.istio.io/tlsMode"] === "istio");
}

/** Where the filter is fetched. */
export async function chooseControlPlane(
  client: ApiClient,
  given: { readonly host: string; readonly port: number } | string | undefined,
): Promise<Decision<IstioInstallation["controlPlane"]>> {
  if (typeof given === "object") return { value: given, because: "you said so" };
  const { items } = await client.list(RESOURCE.service, {
    ...(given === undefined ? {} : { namespace: given }),
    fieldSelector: `metadata.name=${XDS_SERVICE}`,
  });
  const [service, ...others] = items;
  if (others.length > 0) {
    const namespaces = items.map(({ metadata }) => metadata.namespace ?? "").join(", ");
    throw new UsageError(
      `several namespaces have a Service ${XDS_SERVICE} (${namespaces}): name one by --control-plane`,
    );
  }
  if (service === undefined && given === undefined)
    throw new UsageError(
      `no namespace has a Service ${XDS_SERVICE}: install the control plane first, or name its namespace by --control-plane`,
    );
  const namespace = service?.metadata.namespace ?? given ?? "";
  const { ports = [] } = (service?.["spec"] ?? {}) as { readonly ports?: readonly { readonly port: number }[] };
  const value = { host: `${XDS_SERVICE}.${namespace}.svc.cluster.local`, port: ports[0]?.port ?? XDS_PORT };
  return {
    value,
    because: service === undefined ? "it is not there yet; until it is, Istio's own routes serve" : "its Service",
  };
}
