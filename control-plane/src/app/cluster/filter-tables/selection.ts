import type { DeploymentPlan } from "../../../plan/deployment-plan.ts";
import { egressHosts, EVERYTHING, gatewaysOf, mayCall, type IstioObjects } from "./istio-objects.ts";
import { gatewaysIn, MESH, type RouteBook } from "./route-book.ts";
import type { Scope } from "./scope.ts";

/** Which deployments a table is to hold. Two with the same id hold the same. */
export interface Selection {
  readonly id: string;
  /** Namespace of the callers, where some deployment permits more to it than to others. */
  readonly callerNamespace?: string;
  includes(plan: DeploymentPlan): boolean;
}

/** What a scope is to have now. `domain` is the DNS suffix of Services. */
export function select(scope: Scope, book: RouteBook, objects: IstioObjects, domain: string): Selection {
  switch (scope.role) {
    case "inbound":
      return { id: "inbound", includes: () => false };
    case "gateway":
      return selectForGateway(scope, book, objects);
    case "outbound":
      return selectForCaller(scope, book, objects, domain);
  }
}

function selectForGateway({ labels }: Scope, book: RouteBook, { gateways }: IstioObjects): Selection {
  const own = new Set(gatewaysOf(labels, book.gateways(), gateways));
  return {
    id: `gateway ${[...own].join(" ")}`,
    includes: (plan) => gatewaysIn(plan).some((name) => own.has(name)),
  };
}

function selectForCaller(
  { namespace, labels }: Scope,
  book: RouteBook,
  objects: IstioObjects,
  domain: string,
): Selection {
  const hosts = egressHosts(namespace, labels, objects);
  const caller = book.grantedNamespaces().has(namespace) ? { callerNamespace: namespace } : {};
  const isRelative = hosts.some((host) => host.startsWith("./"));
  const who = isRelative || caller.callerNamespace !== undefined ? namespace : "";
  return {
    id: `outbound ${who} ${hosts === EVERYTHING ? "*/*" : hosts.join(" ")}`,
    ...caller,
    includes: (plan) => plan.gateways.includes(MESH) && mayCall(hosts, namespace, plan, domain),
  };
}
