import type { Fields, KubeObject } from "../runner/kube.ts";
import { until } from "../runner/until.ts";
import type { World } from "../runner/world.ts";
import { autoscaler, companions, services } from "./beside-pods.ts";
import { readResource, type Resource } from "./defaults.ts";
import { deployments } from "./deployments.ts";
import { destinationRule, destinationRules, virtualServices } from "./routes.ts";
import { status } from "./status.ts";

const PLURALS: Readonly<Record<string, string>> = {
  Service: "services",
  Deployment: "deployments",
  HorizontalPodAutoscaler: "horizontalpodautoscalers",
  PodDisruptionBudget: "poddisruptionbudgets",
  VirtualService: "virtualservices",
  DestinationRule: "destinationrules",
};

/** Seldon's operator is a program called `manager`, and sets no other name for its writes. */
const MANAGER = "fieldManager=manager";

async function create(world: World, object: Fields): Promise<void> {
  const { apiVersion, kind } = object as { readonly apiVersion: string; readonly kind: string };
  const root = apiVersion.includes("/") ? "apis" : "api";
  const path = `/${root}/${apiVersion}/namespaces/${world.namespace}/${PLURALS[kind]}?${MANAGER}`;
  await world.kube.call("POST", path, object);
}

function isAvailable({ spec = {}, status: seen = {} }: KubeObject): boolean {
  return seen["availableReplicas"] === (spec["replicas"] ?? 1) && seen["unavailableReplicas"] === undefined;
}

async function untilAvailable(world: World, names: readonly string[]): Promise<readonly KubeObject[]> {
  return until(
    `the pods of ${names.join(", ")} are ready`,
    async () => {
      const found = await Promise.all(names.map((name) => world.get("Deployment", name)));
      const all = found.filter((one) => one !== undefined);
      return all.length === names.length && all.every(isAvailable) ? all : undefined;
    },
    { timeoutMs: 180_000 },
  );
}

/** What a predictor leaves that was taken out of the resource: Seldon 1.17.1 never removes its DestinationRule. */
function leaks(resource: Resource, former: string): readonly Fields[] {
  const metric = {
    type: "Resource",
    resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 90 } },
  };
  return [
    destinationRule(resource, `${resource.name}-${former}`, former),
    autoscaler(resource, `${resource.name}-${former}-0-classifier`, { maxReplicas: 2, metricsv2: [metric] }),
  ];
}

/**
 * Applies a SeldonDeployment and leaves what Seldon 1.17.1's operator would have made of it, with its pods running, its
 * field manager, its owner references and its status; and what it leaks of a predictor `former` of it.
 */
export async function leaveAsSeldon(world: World, sdep: Fields, former?: string): Promise<void> {
  await world.apply(sdep);
  const { name } = sdep["metadata"] as { readonly name: string };
  const resource = readResource(await world.need("SeldonDeployment", name));
  const pods = deployments(resource, world.target.executorImage);
  for (const object of [...services(resource), ...companions(resource), ...pods]) await create(world, object);
  if (former !== undefined) for (const object of leaks(resource, former)) await create(world, object);
  const running = await untilAvailable(
    world,
    pods.map(({ metadata }) => (metadata as { readonly name: string }).name),
  );
  const { gateway } = world.target;
  for (const object of [...virtualServices(resource, gateway), ...destinationRules(resource)]) {
    await create(world, object);
  }
  const newest = await world.need("SeldonDeployment", name);
  const path = `/apis/machinelearning.seldon.io/v1/namespaces/${world.namespace}/seldondeployments/${name}/status?${MANAGER}`;
  await world.kube.call("PUT", path, { ...newest, status: status(resource, running, new Date().toISOString()) });
}
