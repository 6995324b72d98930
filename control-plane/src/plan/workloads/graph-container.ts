import type { DefaultedEndpoint, DefaultedNode, DefaultedPredictor } from "../../model/defaulted.ts";
import type { Container, ContainerPort, ContainerProbe, Lifecycle } from "../../model/kubernetes.ts";
import { graphContainerEnv } from "../container-env.ts";
import type { PlanContext } from "../context.ts";

/** Seconds after which Seldon 1.17.1 begins to probe a container of the graph that brings no probe. */
export const READINESS_DELAY_SECONDS = 20;
export const LIVENESS_DELAY_SECONDS = 60;

/** The ports that a node can be called on, by name. */
export const NODE_PORTS = ["http", "grpc"] as const;
type NodePort = (typeof NODE_PORTS)[number];

function connectProbe(port: NodePort, initialDelaySeconds: number): ContainerProbe {
  return Object.freeze({
    tcpSocket: Object.freeze({ port }),
    initialDelaySeconds,
    periodSeconds: 5,
    timeoutSeconds: 1,
    successThreshold: 1,
    failureThreshold: 3,
  });
}

/** Seldon's own probes: can the node's port be connected to? The same objects in every plan. */
export const CONNECT_PROBES: Readonly<Record<NodePort, Readonly<Record<"readiness" | "liveness", ContainerProbe>>>> = {
  http: {
    readiness: connectProbe("http", READINESS_DELAY_SECONDS),
    liveness: connectProbe("http", LIVENESS_DELAY_SECONDS),
  },
  grpc: {
    readiness: connectProbe("grpc", READINESS_DELAY_SECONDS),
    liveness: connectProbe("grpc", LIVENESS_DELAY_SECONDS),
  },
};

/**
 * The user's probe, else ours. One that says how often to ask but not what, which Kubernetes refuses, asks what ours
 * does.
 */
export function probeOr(ours: ContainerProbe, given: ContainerProbe | undefined): ContainerProbe {
  if (given === undefined) return ours;
  const { httpGet, tcpSocket, exec, grpc } = given;
  if (httpGet !== undefined || tcpSocket !== undefined || exec !== undefined || grpc !== undefined) return given;
  return {
    ...given,
    ...(ours.httpGet === undefined ? {} : { httpGet: ours.httpGet }),
    ...(ours.tcpSocket === undefined ? {} : { tcpSocket: ours.tcpSocket }),
  };
}

/** Seldon's own hook: lets requests in flight finish before the container is told to stop. */
export const DEFAULT_PRE_STOP: NonNullable<Lifecycle["preStop"]> = Object.freeze({
  exec: Object.freeze({ command: Object.freeze(["/bin/sh", "-c", "/bin/sleep 10"]) }),
});
const DEFAULT_LIFECYCLE: Lifecycle = Object.freeze({ preStop: DEFAULT_PRE_STOP });

function withPreStop(lifecycle: Lifecycle | undefined): Lifecycle {
  if (lifecycle === undefined) return DEFAULT_LIFECYCLE;
  return lifecycle.preStop === undefined ? { ...lifecycle, preStop: DEFAULT_PRE_STOP } : lifecycle;
}

function withGraphPorts(given: readonly ContainerPort[], endpoint: DefaultedEndpoint): readonly ContainerPort[] {
  const added: readonly ContainerPort[] = [
    { name: "http", containerPort: endpoint.httpPort, protocol: "TCP" },
    { name: "grpc", containerPort: endpoint.grpcPort, protocol: "TCP" },
  ];
  return [...given, ...added.filter((one) => !given.some((port) => port.name === one.name))];
}

/**
 * A container with everything that its node adds to it: ports, probes, the hook that lets it finish, environment. What
 * the user gave stays. Both what runs in a cluster and what runs on one machine come from here.
 */
export function dressForGraph(
  context: PlanContext,
  predictor: DefaultedPredictor,
  node: DefaultedNode,
  endpoint: DefaultedEndpoint,
  container: Container,
): Container {
  const speaksGrpc = endpoint.type === "GRPC" || context.transport === "grpc";
  const probes = CONNECT_PROBES[speaksGrpc ? "grpc" : "http"];
  return {
    ...container,
    env: graphContainerEnv(context, predictor, node, endpoint, container),
    ports: withGraphPorts(container.ports ?? [], endpoint),
    livenessProbe: probeOr(probes.liveness, container.livenessProbe),
    readinessProbe: probeOr(probes.readiness, container.readinessProbe),
    lifecycle: withPreStop(container.lifecycle),
  };
}
