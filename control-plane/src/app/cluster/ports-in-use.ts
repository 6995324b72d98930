import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import type { ContainerPortNumbers, PortsInUse } from "../../model/model.ts";

interface PodContainer {
  readonly name: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

/** Numbers that operators give to containers, ours and Seldon's alike, as the containers are told them. */
const VARIABLES = {
  http: "PREDICTIVE_UNIT_HTTP_SERVICE_PORT",
  grpc: "PREDICTIVE_UNIT_GRPC_SERVICE_PORT",
  metrics: "PREDICTIVE_UNIT_METRICS_SERVICE_PORT",
} as const satisfies Record<keyof ContainerPortNumbers, string>;

/** Those of one Deployment by predictor and container, read once: most turns see the same ones again. */
const known = new WeakMap<KubernetesObject, ReadonlyMap<string, ContainerPortNumbers>>();

/** The port numbers that containers of these Deployments run with, so that a survivor of an edit keeps its own. */
export function portsInUse(deployments: readonly KubernetesObject[]): PortsInUse {
  const read = deployments.map(portsOf);
  return (predictor, container) => {
    const key = `${predictor}/${container}`;
    return read.findLast((one) => one.has(key))?.get(key);
  };
}

function portsOf(deployment: KubernetesObject): ReadonlyMap<string, ContainerPortNumbers> {
  const found = known.get(deployment);
  if (found !== undefined) return found;
  const byContainer = new Map<string, ContainerPortNumbers>();
  for (const container of containersOf(deployment)) {
    const predictor = valueOf(container, "PREDICTOR_ID");
    if (predictor === undefined) continue;
    const numbers = numbersOf(container);
    if (Object.keys(numbers).length > 0) byContainer.set(`${predictor}/${container.name}`, numbers);
  }
  known.set(deployment, byContainer);
  return byContainer;
}

function containersOf({ spec }: KubernetesObject): readonly PodContainer[] {
  const { template } = (spec ?? {}) as {
    readonly template?: { readonly spec?: { readonly containers?: readonly PodContainer[] } };
  };
  return template?.spec?.containers ?? [];
}

function numbersOf(container: PodContainer): ContainerPortNumbers {
  const found = Object.entries(VARIABLES).flatMap(([port, variable]): [string, number][] => {
    const text = valueOf(container, variable);
    return text !== undefined && /^[1-9]\d{0,4}$/.test(text) ? [[port, Number(text)]] : [];
  });
  return Object.fromEntries(found);
}

function valueOf({ env }: PodContainer, name: string): string | undefined {
  return env?.find((one) => one.name === name)?.value;
}
