import { nodeRuns } from "../model/graph.ts";
import type { DefaultedEndpoint, DefaultedNode, DefaultedPredictor } from "../model/defaulted.ts";
import type { Container } from "../model/kubernetes.ts";
import { declaredVariable, planContainerEnv } from "./container-env.ts";
import type { PlanContext } from "./context.ts";
import type { ContainerPlan, PodPlan } from "./deployment-plan.ts";
import { walkNodes } from "./graph.ts";
import { podDeploymentName } from "./names.ts";
import {
  connectProbe,
  DEFAULT_PRE_STOP,
  LIVENESS_DELAY_SECONDS,
  planAction,
  planProbe,
  READINESS_DELAY_SECONDS,
} from "./probes.ts";

/** Seconds that a pod gets to stop, unless it says otherwise. */
const DEFAULT_GRACE_SECONDS = 20;

type Ports = ContainerPlan["ports"];

function declaredPorts(container: Container): Ports {
  return (container.ports ?? []).map(({ name = "", containerPort }) => ({ name, containerPort }));
}

function withGraphPorts(ports: Ports, { httpPort, grpcPort }: DefaultedEndpoint): Ports {
  const added = [
    { name: "http", containerPort: httpPort },
    { name: "grpc", containerPort: grpcPort },
  ];
  return [...ports, ...added.filter((one) => !ports.some((port) => port.name === one.name))];
}

/** Mounted by Seldon itself into every container of the graph. */
const POD_INFO_VOLUME = "seldon-podinfo";

/** Fields that name things of a cluster: volumes, secrets, config maps. */
function clusterOnlyFields(container: Container): readonly string[] {
  const others = ["envFrom", "volumeDevices"].filter((field) => Object.hasOwn(container, field));
  const mounts = (container.volumeMounts ?? []).some((mount) => mount.name !== POD_INFO_VOLUME);
  return mounts ? [...others, "volumeMounts"] : others;
}

/** A container as the user wrote it. */
function planDeclared(container: Container): ContainerPlan {
  const readinessProbe = planProbe(container.readinessProbe);
  const livenessProbe = planProbe(container.livenessProbe);
  const startupProbe = planProbe(container.startupProbe);
  const preStop = container.lifecycle?.preStop === undefined ? undefined : planAction(container.lifecycle.preStop);
  const clusterOnly = clusterOnlyFields(container);
  return {
    name: container.name,
    image: container.image ?? "",
    command: container.command ?? [],
    args: container.args ?? [],
    ...(container.workingDir === undefined ? {} : { workingDir: container.workingDir }),
    env: (container.env ?? []).map(declaredVariable),
    ports: declaredPorts(container),
    ...(readinessProbe === undefined ? {} : { readinessProbe }),
    ...(livenessProbe === undefined ? {} : { livenessProbe }),
    ...(startupProbe === undefined ? {} : { startupProbe }),
    ...(preStop === undefined ? {} : { preStop }),
    inGraph: false,
    ...(clusterOnly.length === 0 ? {} : { clusterOnly }),
  };
}

/** A container with what the graph adds to it; what the user gave stays. */
function planInGraph(
  context: PlanContext,
  predictor: DefaultedPredictor,
  node: DefaultedNode,
  endpoint: DefaultedEndpoint,
  container: Container,
): ContainerPlan {
  const declared = planDeclared(container);
  const speaksGrpc = endpoint.type === "GRPC" || context.transport === "grpc";
  const downloads = (node.modelUri ?? "") !== "";
  const port = speaksGrpc ? "grpc" : "http";
  return {
    ...declared,
    readinessProbe: declared.readinessProbe ?? connectProbe(port, READINESS_DELAY_SECONDS),
    livenessProbe: declared.livenessProbe ?? connectProbe(port, LIVENESS_DELAY_SECONDS),
    preStop: declared.preStop ?? DEFAULT_PRE_STOP,
    env: planContainerEnv(context, predictor, node, endpoint, container),
    ports: withGraphPorts(declared.ports, endpoint),
    inGraph: true,
    ...(downloads ? { clusterOnly: [...(declared.clusterOnly ?? []), "modelUri"] } : {}),
  };
}

function planContainer(context: PlanContext, predictor: DefaultedPredictor, container: Container): ContainerPlan {
  const node = walkNodes(predictor.graph).find((one) => one.name === container.name && nodeRuns(one) !== "builtin");
  if (node?.endpoint === undefined) return planDeclared(container);
  return planInGraph(context, predictor, node, node.endpoint, container);
}

/** The pods of a predictor: one per componentSpec that has containers. */
export function planPods(context: PlanContext, predictor: DefaultedPredictor): readonly PodPlan[] {
  const pods = predictor.componentSpecs.map((componentSpec, index): PodPlan => {
    const { containers, terminationGracePeriodSeconds } = componentSpec.spec;
    const specName = componentSpec.metadata?.name;
    const parts = {
      deployment: context.name,
      predictor: predictor.name,
      index,
      ...(specName === undefined ? {} : { specName }),
      containers: containers.map((one) => one.name),
    };
    return {
      name: podDeploymentName(parts, context.options.deploymentNameAsPrefix),
      index,
      containers: containers.map((one) => planContainer(context, predictor, one)),
      terminationGracePeriodSeconds: terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS,
    };
  });
  return pods.filter((pod) => pod.containers.length > 0);
}
