import type { ClusterAccess } from "../../control-plane/src/kubernetes-api/cluster-access.ts";
import { filterName, type FilterRole } from "../../control-plane/src/render/xds/filter-config.ts";
import { fetchFromPod } from "./port-forward.ts";
import type { Mesh } from "./mesh.ts";

/** Port of istiod where its own machine may ask for everything. */
const ISTIOD_DEBUG_PORT = 8080;
const ISTIOD_MONITORING_PORT = 15014;
const CALL_TIMEOUT_MS = 15_000;

/** A proxy of the mesh as istiod knows it. */
export interface Proxy {
  /** `<pod>.<namespace>` */
  readonly id: string;
  readonly kind: "gateway" | "sidecar";
  /** As it says itself; empty when it does not. */
  readonly version: string;
  /** It has taken in the newest listeners and routes that it was sent. */
  readonly isInSync: boolean;
}

/** What the configuration of a proxy says when a part is there. */
const PARTS: readonly (readonly [part: string, sign: (role: FilterRole) => RegExp])[] = [
  ["the filter", (role) => new RegExp(`"name": *"${filterName(role).replace(".", String.raw`\.`)}"`)],
  [
    "the stripping of headers",
    (role) => new RegExp(`"remove": *"x-graphway-${role === "inbound" ? "cluster" : "predictor"}"`),
  ],
  ["mirrors by header", () => /"cluster_?[hH]eader": *"x-graphway-shadow-cluster-1"/],
  // Nothing else sets this header: requests that carry it lose it.
  ["the mark on copies", () => /"key": *"x-graphway-shadow"/],
];

function partsOf(role: FilterRole): typeof PARTS {
  return role === "inbound" ? PARTS.slice(0, 2) : PARTS;
}

/** Asks istiod, as its own machine would. Through the API server alone: no page of Envoy's own is open to others. */
export interface Istiod {
  /** Proxies that are connected to any of its pods. */
  proxies(): Promise<readonly Proxy[]>;
  /** What it would tell a proxy now, as Envoy's own dump has it. */
  configOf(proxy: string): Promise<string>;
  /** What it says of its own version. */
  version(): Promise<string>;
}

export function askIstiod(access: ClusterAccess, { namespace, pods }: Mesh): Istiod {
  const home = new Map<string, string>();
  const page = (pod: string, path: string): Promise<string> =>
    fetchFromPod(access, { namespace, pod, port: ISTIOD_DEBUG_PORT, path }, CALL_TIMEOUT_MS);

  async function proxiesOf(pod: string): Promise<readonly Proxy[]> {
    const rows = JSON.parse(await page(pod, "/debug/syncz")) as readonly Partial<Record<string, unknown>>[] | null;
    return (rows ?? []).flatMap((row): readonly Proxy[] => {
      const { proxy: id, proxy_type: type, istio_version: version } = row;
      if (typeof id !== "string") return [];
      home.set(id, pod);
      const isInSync = ["listener", "route"].every((part) => row[`${part}_sent`] === row[`${part}_acked`]);
      const kind = type === "sidecar" ? "sidecar" : "gateway";
      return [{ id, kind, version: typeof version === "string" ? version : "", isInSync }];
    });
  }

  return {
    proxies: async () => (await Promise.all(pods.map(proxiesOf))).flat(),
    configOf: (proxy) =>
      page(home.get(proxy) ?? pods[0] ?? "", `/debug/config_dump?proxyID=${encodeURIComponent(proxy)}`),
    version: () => {
      const where = { namespace, pod: pods[0] ?? "", port: ISTIOD_MONITORING_PORT, path: "/version" };
      return fetchFromPod(access, where, CALL_TIMEOUT_MS);
    },
  };
}

/** What of a role's installation a proxy's configuration lacks. */
export function missingParts(config: string, role: FilterRole): readonly string[] {
  return partsOf(role)
    .filter(([, sign]) => !sign(role).test(config))
    .map(([part]) => part);
}

/** How to look by hand, where it is not possible from here. */
export function howToLook(): string {
  const signs = ["gateway", "outbound", "inbound"].map((role) => `-e graphway.${role}`).join(" ");
  return `istioctl proxy-config listeners <pod>.<namespace> -o json | grep -c ${signs} -e x-graphway-`;
}
