import type { Container, EnvVar as DeclaredEnvVar } from "../model/kubernetes.ts";
import type { ContainerPlan, EnvVar, PodPlan } from "./deployment-plan.ts";
import { planAction, planProbe } from "./probes.ts";
import { servesNode, type ComponentPod, type PodContainer } from "./workloads/component-pod.ts";
import { DEFAULT_GRACE_SECONDS } from "./workloads/pod-spec.ts";

/** A variable as written: with its value, or with the kind of place that it comes from. */
function planVariable({ name, value, valueFrom }: DeclaredEnvVar): EnvVar {
  if (valueFrom === undefined) return { name, value: value ?? "" };
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

function planProbes(container: Container): Pick<ContainerPlan, "readinessProbe" | "livenessProbe" | "startupProbe"> {
  const readinessProbe = planProbe(container.readinessProbe);
  const livenessProbe = planProbe(container.livenessProbe);
  const startupProbe = planProbe(container.startupProbe);
  return {
    ...(readinessProbe === undefined ? {} : { readinessProbe }),
    ...(livenessProbe === undefined ? {} : { livenessProbe }),
    ...(startupProbe === undefined ? {} : { startupProbe }),
  };
}

function planContainer(entry: PodContainer): ContainerPlan {
  const { container } = entry;
  const preStop = container.lifecycle?.preStop === undefined ? undefined : planAction(container.lifecycle.preStop);
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
    ...(preStop === undefined ? {} : { preStop }),
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
