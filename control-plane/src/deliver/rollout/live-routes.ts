import type { KubernetesObject } from "../../kubernetes-api/object.ts";

interface Destination {
  readonly host?: string;
}

interface Entry {
  readonly route?: readonly { readonly destination?: Destination }[];
  readonly mirror?: Destination;
  readonly mirrors?: readonly { readonly destination?: Destination }[];
}

function destinationsOf(entry: Entry): readonly (Destination | undefined)[] {
  const { route = [], mirror, mirrors = [] } = entry;
  return [...route.map((one) => one.destination), mirror, ...mirrors.map((one) => one.destination)];
}

const cache = new WeakMap<KubernetesObject, ReadonlySet<string>>();

/** The Services, by name, to which a VirtualService sends requests or copies. */
export function servicesRoutedTo(virtualService: KubernetesObject | undefined): ReadonlySet<string> {
  if (virtualService === undefined) return new Set();
  const known = cache.get(virtualService);
  if (known !== undefined) return known;
  const { http = [] } = (virtualService["spec"] ?? {}) as { readonly http?: readonly Entry[] };
  const hosts = http.flatMap(destinationsOf).flatMap((one) => one?.host ?? []);
  const services = new Set(hosts.map((host) => host.split(".", 1)[0] ?? host));
  cache.set(virtualService, services);
  return services;
}
