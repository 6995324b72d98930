import type { IstioInstallation } from "../../control-plane/src/render/istio/installation/options.ts";
import { judgeIstioVersion } from "../../control-plane/src/render/istio/installation/versions.ts";
import type { FilterRole } from "../../control-plane/src/render/xds/filter-config.ts";
import { missingParts, type Istiod, type Proxy } from "./proxies.ts";
import type { Mesh } from "./mesh.ts";

/** What became of an installation in the proxies that are connected now. */
export interface Verification {
  /** Proxies that have all of it. */
  readonly complete: readonly string[];
  /** Proxies that have a part of it: istiod dropped the rest in silence. */
  readonly partial: readonly { readonly proxy: string; readonly missing: readonly string[] }[];
  /** Proxies that were told, and have not taken it in. */
  readonly refused: readonly string[];
  /** Proxies too old to be told. */
  readonly old: readonly string[];
}

/** Largest number of proxies of which the configuration is fetched; it is megabytes each. */
const MOST_PROXIES = 10;
const POLL_MS = 500;

function rolesOf(proxy: Proxy, installation: IstioInstallation): readonly FilterRole[] {
  if (proxy.kind === "gateway") return installation.gateways === "none" ? [] : ["gateway"];
  return installation.sidecars === undefined ? [] : ["outbound", "inbound"];
}

function isConcerned(proxy: Proxy, installation: IstioInstallation, mesh: Mesh): boolean {
  const holdsEverywhere = installation.namespace === mesh.rootNamespace;
  return (
    rolesOf(proxy, installation).length > 0 && (holdsEverywhere || proxy.id.endsWith(`.${installation.namespace}`))
  );
}

/** Parts that a proxy lacks of the role it has most of; nothing at all says that the selector means others. */
async function lookAt(
  istiod: Istiod,
  proxy: Proxy,
  installation: IstioInstallation,
): Promise<readonly string[] | "none"> {
  const config = await istiod.configOf(proxy.id);
  const lacks = rolesOf(proxy, installation).map((role) => ({ role, missing: missingParts(config, role) }));
  const begun = lacks.filter(({ role, missing }) => missing.length < missingParts("", role).length);
  if (begun.length === 0) return "none";
  return begun.some(({ missing }) => missing.length === 0) ? [] : (begun[0]?.missing ?? []);
}

async function look(istiod: Istiod, installation: IstioInstallation, mesh: Mesh): Promise<Verification> {
  const concerned = (await istiod.proxies()).filter((one) => isConcerned(one, installation, mesh));
  const isOld = ({ version }: Proxy): boolean => judgeIstioVersion(version).kind === "refused";
  const found: { complete: string[]; partial: Verification["partial"][number][]; refused: string[] } = {
    complete: [],
    partial: [],
    refused: [],
  };
  for (const proxy of concerned.filter((one) => !isOld(one)).slice(0, MOST_PROXIES)) {
    const missing = await lookAt(istiod, proxy, installation);
    if (missing === "none") continue;
    if (missing.length > 0) found.partial.push({ proxy: proxy.id, missing });
    else if (!proxy.isInSync) found.refused.push(proxy.id);
    else found.complete.push(proxy.id);
  }
  return { ...found, old: concerned.filter(isOld).map(({ id }) => id) };
}

/** Looks until a proxy has everything and none has a part, or the time is over. Throws when istiod does not answer. */
export async function verifyInstallation(
  istiod: Istiod,
  installation: IstioInstallation,
  mesh: Mesh,
  timeoutMs: number,
): Promise<Verification> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const seen = await look(istiod, installation, mesh);
    const isDone = seen.complete.length > 0 && seen.partial.length === 0 && seen.refused.length === 0;
    if (isDone || performance.now() >= deadlineMs) return seen;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
