import { missing } from "../../../deliver/rollout/missing.ts";
import type { AvailablePod } from "../../../deliver/rollout/simulated-pods-for-tests.ts";
import type { KubernetesObject } from "../../../kubernetes-api/object.ts";
import { RESOURCE } from "../../../kubernetes-api/resource-types.ts";
import type { FakeStore } from "../../../kubernetes-api/tests/fake-store.ts";

type Labels = Readonly<Record<string, string>>;

interface Destination {
  readonly host: string;
  readonly subset?: string;
  readonly port?: { readonly number?: number };
}

interface RouteEntry {
  readonly route?: readonly { readonly destination: Destination; readonly weight?: number }[];
}

/** What is wrong at this instant with routes that requests may take: every one of them must end at a pod that answers. */
export function routeFaults(store: FakeStore, namespace: string, pods: readonly AvailablePod[]): readonly string[] {
  const owners = ownersIn(store, namespace);
  const owned = store
    .list(RESOURCE.virtualService, namespace)
    .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => owners.has(uid)) === true);
  const faults = owned.flatMap((virtualService) => {
    const { http = [] } = (virtualService["spec"] ?? {}) as { readonly http?: readonly RouteEntry[] };
    return http.flatMap(({ route = [] }) => [
      ...weightFaults(virtualService, route),
      ...route
        .filter(({ weight }) => weight !== 0)
        .flatMap(({ destination }) => destinationFaults(store, namespace, pods, destination)),
    ]);
  });
  return [...new Set(faults)];
}

/** Identities of the SeldonDeployments that there are: what belongs to others is about to go. */
export function ownersIn(store: FakeStore, namespace: string): ReadonlySet<string> {
  return new Set(store.list(RESOURCE.seldonDeployment, namespace).map(({ metadata }) => metadata.uid ?? ""));
}

function weightFaults({ metadata }: KubernetesObject, route: NonNullable<RouteEntry["route"]>): readonly string[] {
  const sum = route.reduce((total, { weight = 100 }) => total + weight, 0);
  return sum === 100 || route.length < 2 ? [] : [`weights of ${metadata.name} sum up to ${sum}`];
}

function destinationFaults(
  store: FakeStore,
  namespace: string,
  pods: readonly AvailablePod[],
  { host, subset = "", port }: Destination,
): readonly string[] {
  const [name = ""] = host.split(".");
  const service = store.get(RESOURCE.service, { namespace, name });
  if (service === undefined) return [`no Service ${name}`];
  const rule = store.get(RESOURCE.destinationRule, { namespace, name });
  const { subsets = [] } = (rule?.["spec"] ?? {}) as {
    readonly subsets?: readonly { readonly name: string; readonly labels?: Labels }[];
  };
  const chosen = subsets.find((one) => one.name === subset);
  if (chosen === undefined) return [`no subset ${subset} of ${name}`];
  const { ports = [], selector = {} } = service["spec"] as {
    readonly ports?: readonly { readonly port: number }[];
    readonly selector?: Labels;
  };
  if (!ports.some((one) => one.port === port?.number)) return [`${name} has no port ${String(port?.number)}`];
  const labels = { ...selector, ...chosen.labels };
  const behind = pods.filter((pod) => missing(labels, pod.labels) === undefined);
  return behind.length === 0 ? [`no pod answers for ${name}`] : [];
}
