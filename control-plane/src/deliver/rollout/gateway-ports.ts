import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import type { Routed, RoutedServices } from "./live-routes.ts";
import { markOf } from "./marks.ts";
import { portsOf } from "./service-ports.ts";

const NO_SUBSETS: ReadonlySet<string> = new Set();

/** As the mark `routedPorts` has it. */
export function routedPortsText({ httpPort, grpcPort }: PredictorPlan): string {
  return `${httpPort} ${grpcPort}`;
}

/** What the mark `routedPorts` says, as long as the Service has those ports. */
export function markedPorts(service: KubernetesObject): readonly number[] | undefined {
  const ports = portsOf(service);
  const marked = markOf(service, "routedPorts")?.split(" ").map(Number) ?? [];
  const isThere = marked.length === 2 && marked.every((number) => ports.some(({ port }) => port === number));
  return isThere ? marked : undefined;
}

/** What the mark says, else the ports with the names that a new Service has. */
function routedPortsOf(service: KubernetesObject): Routed | undefined {
  const ports = portsOf(service);
  const named = ["http", "grpc"].map((name) => ports.find((one) => one.name === name)?.port);
  const [httpPort, grpcPort] = markedPorts(service) ?? named;
  return httpPort === undefined || grpcPort === undefined ? undefined : { httpPort, grpcPort, subsets: NO_SUBSETS };
}

/**
 * At which ports our own gateways reach the Services of predictors. Every control plane tells gateways of its own accord, so this is
 * read from the Services, and no gateway is told of other ports before they say so.
 */
export function servicesOfOwnGateways(plan: DeploymentPlan, services: readonly KubernetesObject[]): RoutedServices {
  const names = new Set(plan.predictors.map((one) => one.serviceName));
  return new Map(
    services.flatMap((service) => {
      const { name } = service.metadata;
      const routed = names.has(name) ? routedPortsOf(service) : undefined;
      return routed === undefined ? [] : [[name, routed] as const];
    }),
  );
}
