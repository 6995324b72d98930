import type { DeploymentPlan } from "../../../plan/deployment-plan.ts";
import {
  hostsBehind,
  type GatewayDoor,
  type GatewayPort,
  type TlsChain,
} from "../../../render/xds/gateway-listeners.ts";
import { allowsNamespace, type LabelsOf } from "./allowed-namespaces.ts";
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

type Attachable = Pick<DeploymentPlan, "key" | "namespace" | "hosts" | "gateways">;

/** Keys of the deployments that are reached through each listener: attached to its Gateway, of a namespace that it allows. */
export function admissions(
  gateways: readonly GatewayRequest[],
  plans: readonly Attachable[],
  labelsOf: LabelsOf,
): ReadonlyMap<ListenerRequest, ReadonlySet<string>> {
  const attached = attachments(gateways, plans);
  const admitted = new Map<ListenerRequest, ReadonlySet<string>>();
  for (const { key, listeners } of gateways) {
    const own = plans.filter((plan) => attached.get(key)?.has(plan.key) === true);
    for (const listener of listeners) {
      const allowed = own.filter((plan) => allowsNamespace(listener.allowed, plan.namespace, labelsOf));
      admitted.set(listener, new Set(allowed.map((plan) => plan.key)));
    }
  }
  return admitted;
}

/** How many of the deployments a listener has a host in common with. */
export function countReached(
  { host }: ListenerRequest,
  admitted: ReadonlySet<string>,
  plans: readonly Attachable[],
): number {
  const door = { host, deployments: admitted };
  return plans.filter((plan) => hostsBehind(plan, [door]).length > 0).length;
}

/** What Envoy is to listen on for these Gateways; `hasCertificate` tells of which Secrets there is one. */
export function portsOf(
  gateways: readonly GatewayRequest[],
  plans: readonly Attachable[],
  hasCertificate: (secret: string) => boolean,
  labelsOf: LabelsOf = () => undefined,
): readonly GatewayPort[] {
  const admitted = admissions(gateways, plans, labelsOf);
  const ports = new Map<number, { doors: GatewayDoor[]; tls: TlsChain[] | undefined }>();
  for (const { listeners } of gateways) {
    for (const listener of listeners.filter((one) => one.fault === undefined)) {
      const deployments = admitted.get(listener) ?? new Set();
      const only = deployments.size === plans.length ? {} : { deployments };
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
