import type { KubernetesObject } from "../../kubernetes-api/object.ts";

interface Destination {
  readonly host?: string;
  readonly subset?: string;
  readonly port?: { readonly number?: number };
}

interface Entry {
  /** Calls over REST lose their prefix, those over gRPC have none, but may get another method. */
  readonly rewrite?: { readonly uri?: string };
  readonly route?: readonly { readonly destination?: Destination }[];
  readonly mirror?: Destination;
  readonly mirrors?: readonly { readonly destination?: Destination }[];
}

/** How routes reach a Service. */
export interface Routed {
  readonly httpPort?: number;
  readonly grpcPort?: number;
  /** Names of subsets: predictors. */
  readonly subsets: ReadonlySet<string>;
}

/** Every Service, by name, to which a VirtualService sends requests or copies. */
export type RoutedServices = ReadonlyMap<string, Routed>;

function isGrpc({ rewrite }: Entry): boolean {
  return rewrite?.uri?.startsWith("/seldon.protos.") ?? true;
}

function destinationsOf(entry: Entry): readonly Destination[] {
  const { route = [], mirror, mirrors = [] } = entry;
  const all = [...route.map((one) => one.destination), mirror, ...mirrors.map((one) => one.destination)];
  return all.filter((one) => one !== undefined);
}

function read(virtualService: KubernetesObject): RoutedServices {
  const { http = [] } = (virtualService["spec"] ?? {}) as { readonly http?: readonly Entry[] };
  const found = new Map<string, { httpPort?: number; grpcPort?: number; readonly subsets: Set<string> }>();
  for (const entry of http) {
    for (const { host = "", port, subset } of destinationsOf(entry)) {
      const name = host.split(".", 1)[0] ?? host;
      const ports = found.get(name) ?? { subsets: new Set<string>() };
      if (port?.number !== undefined) ports[isGrpc(entry) ? "grpcPort" : "httpPort"] = port.number;
      if (subset !== undefined) ports.subsets.add(subset);
      found.set(name, ports);
    }
  }
  return found;
}

const NOTHING: RoutedServices = new Map();
const cache = new WeakMap<KubernetesObject, RoutedServices>();

/** Where a VirtualService leads; nowhere when there is none. */
export function routedServices(virtualService: KubernetesObject | undefined): RoutedServices {
  if (virtualService === undefined) return NOTHING;
  const known = cache.get(virtualService) ?? read(virtualService);
  cache.set(virtualService, known);
  return known;
}
