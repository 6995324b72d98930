import type { DeploymentPlan } from "../../../plan/deployment-plan.ts";
import type { GatewayDoor, GatewayPort, TlsChain } from "../../../render/xds/gateway-listeners.ts";
import type { GatewayRequest, ListenerRequest } from "./read-gateways.ts";

/** Keys of the deployments that go through each Gateway. One that names Gateways of ours goes through those, others through all. */
export function attachments(
  gateways: readonly Pick<GatewayRequest, "key">[],
  plans: readonly Pick<DeploymentPlan, "key" | "gateways">[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const attached = new Map(gateways.map(({ key }) => [key, new Set<string>()]));
  for (const { key, gateways: named } of plans) {
    const own = named.filter((name) => attached.has(name));
    for (const gateway of own.length > 0 ? own : attached.keys()) attached.get(gateway)?.add(key);
  }
  return attached;
}

/** What Envoy is to listen on for these Gateways; `hasCertificate` tells of which Secrets there is one. */
export function portsOf(
  gateways: readonly GatewayRequest[],
  plans: readonly Pick<DeploymentPlan, "key" | "gateways">[],
  hasCertificate: (secret: string) => boolean,
): readonly GatewayPort[] {
  const attached = attachments(gateways, plans);
  const ports = new Map<number, { doors: GatewayDoor[]; tls: TlsChain[] | undefined }>();
  for (const gateway of gateways) {
    const deployments = attached.get(gateway.key) ?? new Set();
    const only = deployments.size === plans.length ? {} : { deployments };
    for (const listener of gateway.listeners.filter((one) => one.fault === undefined)) {
      const chain = chainOf(listener, hasCertificate);
      if (listener.secrets !== undefined && chain === undefined) continue;
      const port = ports.get(listener.envoyPort) ?? { doors: [], tls: chain && [] };
      ports.set(listener.envoyPort, port);
      port.doors.push({ host: listener.host, ...only });
      if (chain !== undefined && !port.tls?.some((one) => sameNames(one, chain))) port.tls?.push(chain);
    }
  }
  return [...ports].map(([port, { doors, tls }]) => ({ port, doors, ...(tls === undefined ? {} : { tls }) }));
}

/** Without a certificate there is nothing to show. */
function chainOf(
  { host, secrets }: ListenerRequest,
  hasCertificate: (secret: string) => boolean,
): TlsChain | undefined {
  const there = secrets?.filter(hasCertificate) ?? [];
  return there.length === 0 ? undefined : { serverNames: host === "*" ? [] : [host], secrets: there };
}

function sameNames(one: TlsChain, other: TlsChain): boolean {
  return one.serverNames.join() === other.serverNames.join();
}
