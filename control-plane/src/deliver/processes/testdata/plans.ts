import type { ContainerPlan, DeploymentPlan, EnvVar, GraphNode, PredictorPlan } from "../../../plan/deployment-plan.ts";

export interface PredictorParts {
  readonly name?: string;
  readonly containers?: readonly ContainerPlan[];
  readonly graph?: GraphNode;
  readonly orchestrator?: PredictorPlan["orchestrator"];
  readonly orchestratorEnv?: Readonly<Record<string, string>>;
}

/** A container of the graph as the plan has it: ports, port variables and Seldon's probes; ready when /ready says so. */
export function containerPlan(name: string, more: Partial<ContainerPlan> = {}, env: readonly EnvVar[] = [], at = 0): ContainerPlan {
  const [http, grpc, metrics] = [9_000 + at, 9_500 + at, 6_000 + at];
  const variable = (variableName: string, port: number): EnvVar => ({ name: variableName, value: String(port) });
  return {
    name,
    image: "example/model:1",
    command: ["node", "server.mjs"],
    args: [],
    env: [
      ...env,
      variable("PREDICTIVE_UNIT_SERVICE_PORT", http),
      variable("PREDICTIVE_UNIT_HTTP_SERVICE_PORT", http),
      variable("MLSERVER_HTTP_PORT", http),
      variable("PREDICTIVE_UNIT_GRPC_SERVICE_PORT", grpc),
      variable("MLSERVER_GRPC_PORT", grpc),
      variable("PREDICTIVE_UNIT_METRICS_SERVICE_PORT", metrics),
    ],
    ports: [
      { name: "http", containerPort: http },
      { name: "grpc", containerPort: grpc },
      { name: "metrics", containerPort: metrics },
    ],
    readinessProbe: {
      action: { kind: "httpGet", path: "/ready", port: "http", scheme: "HTTP", headers: {} },
      initialDelaySeconds: 20,
      periodSeconds: 5,
      timeoutSeconds: 30,
      successThreshold: 1,
      failureThreshold: 3,
    },
    preStop: { kind: "exec", command: ["/bin/sh", "-c", "/bin/sleep 10"] },
    inGraph: true,
    ...more,
  };
}

export function nodeOf(container: ContainerPlan, children: readonly GraphNode[] = []): GraphNode {
  const port = (name: string): number => container.ports.find((one) => one.name === name)?.containerPort ?? 0;
  const endpoint = { host: "localhost", httpPort: port("http"), grpcPort: port("grpc") };
  const runs = { in: "container", container: container.name, endpoint, image: container.image } as const;
  return { name: container.name, type: "MODEL", methods: [], runs, parameters: [], children };
}

export function predictorPlan(parts: PredictorParts): PredictorPlan {
  const containers = parts.containers ?? [containerPlan("model")];
  const first = containers[0];
  if (first === undefined) throw new Error("a predictor has a container");
  return {
    name: parts.name ?? "main",
    shadow: false,
    serviceName: "iris-main",
    serviceHost: "iris-main.default.svc.cluster.local",
    httpPort: 8_000,
    grpcPort: 5_001,
    subsetLabels: {},
    traffic: 100,
    labels: {},
    annotations: {},
    orchestrator: parts.orchestrator ?? "none",
    graph: parts.graph ?? nodeOf(first),
    version: "main",
    pods: [{ name: "iris-main-0-model", index: 0, containers, terminationGracePeriodSeconds: 2 }],
    orchestratorSettings: { env: parts.orchestratorEnv ?? {} },
  };
}

export function deploymentPlan(name: string, predictors: readonly PredictorParts[]): DeploymentPlan {
  return {
    key: `default/${name}`,
    namespace: "default",
    name,
    seldonId: name,
    protocol: "seldon",
    transport: "rest",
    hosts: ["*"],
    gateways: ["istio-system/seldon-gateway"],
    predictors: predictors.map(predictorPlan),
    split: predictors.map((one) => ({ predictor: one.name ?? "main", weight: 1 })),
    shadows: [],
    rules: [],
    fallback: [],
    permits: { force: [], explain: [] },
    workloads: { pods: [], services: [] },
  };
}
