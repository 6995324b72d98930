import type { Container, ContainerProbe, EnvVar as DeclaredEnvVar } from "../model/kubernetes.ts";
import type { ContainerPlan, EnvVar, PodPlan, Probe, ProbeAction } from "./deployment-plan.ts";
import { planAction, planProbe } from "./probes.ts";
import { servesNode, type ComponentPod, type PodContainer } from "./workloads/component-pod.ts";
import { CONNECT_PROBES, DEFAULT_PRE_STOP, NODE_PORTS } from "./workloads/graph-container.ts";
import { DEFAULT_GRACE_SECONDS } from "./workloads/pod-spec.ts";

/** A variable as written: with its value, or with the kind of place that it comes from. */
function planVariable(variable: DeclaredEnvVar): EnvVar {
  const { name, value, valueFrom } = variable;
  if (valueFrom === undefined) return value === undefined ? { name, value: "" } : (variable as EnvVar);
  return { name, from: Object.keys(valueFrom)[0] ?? "an unknown source" };
}

/** Mounted by Seldon itself into every container of the graph. */
const POD_INFO_VOLUME = "seldon-podinfo";

/** Fields that name things of a cluster: volumes, secrets, config maps, models to download. */
function clusterOnlyFields({ declared, node }: PodContainer): readonly string[] {
  const others = ["envFrom", "volumeDevices"].filter((field) => Object.hasOwn(declared, field));
  const mounts = (declared.volumeMounts ?? []).some((mount) => mount.name !== POD_INFO_VOLUME);
  const downloads = (node?.modelUri ?? "") !== "";
  return [...others, ...(mounts ? ["volumeMounts"] : []), ...(downloads ? ["modelUri"] : [])];
}

/** Probes and hooks that most containers have, read once. */
const USUAL_PROBES: ReadonlyMap<ContainerProbe, Probe | undefined> = new Map(
  NODE_PORTS.flatMap((port) => Object.values(CONNECT_PROBES[port])).map((one) => [one, planProbe(one)]),
);
const USUAL_PRE_STOP = planAction(DEFAULT_PRE_STOP);

function readProbe(probe: ContainerProbe | undefined): Probe | undefined {
  return probe === undefined ? undefined : (USUAL_PROBES.get(probe) ?? planProbe(probe));
}

function readPreStop({ lifecycle }: Container): ProbeAction | undefined {
  const preStop = lifecycle?.preStop;
  if (preStop === undefined) return undefined;
  return preStop === DEFAULT_PRE_STOP ? USUAL_PRE_STOP : planAction(preStop);
}

function planProbes(
  container: Container,
): Pick<ContainerPlan, "readinessProbe" | "livenessProbe" | "startupProbe" | "preStop"> {
  const readinessProbe = readProbe(container.readinessProbe);
  const livenessProbe = readProbe(container.livenessProbe);
  const startupProbe = readProbe(container.startupProbe);
  const preStop = readPreStop(container);
  return {
    ...(readinessProbe === undefined ? {} : { readinessProbe }),
    ...(livenessProbe === undefined ? {} : { livenessProbe }),
    ...(startupProbe === undefined ? {} : { startupProbe }),
    ...(preStop === undefined ? {} : { preStop }),
  };
}

function planContainer(entry: PodContainer): ContainerPlan {
  const { container } = entry;
  const clusterOnly = clusterOnlyFields(entry);
  return {
    name: container.name,
    image: container.image ?? "",
    command: container.command ?? [],
    args: container.args ?? [],
    ...(container.workingDir === undefined ? {} : { workingDir: container.workingDir }),
    env: (container.env ?? []).map(planVariable),
    ports: (container.ports ?? []).map(({ name = "", containerPort }) => ({ name, containerPort })),
    ...planProbes(container),
    inGraph: servesNode(entry),
    ...(clusterOnly.length === 0 ? {} : { clusterOnly }),
  };
}

/** The pods of a predictor as far as one machine can run them. */
export function planPods(pods: readonly ComponentPod[]): readonly PodPlan[] {
  return pods.map(({ name, index, component, containers }) => ({
    name,
    index,
    containers: containers.map(planContainer),
    terminationGracePeriodSeconds: component.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS,
  }));
}
