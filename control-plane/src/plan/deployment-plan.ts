import type {
  DeadlinePlan,
  EjectionPlan,
  LimitsPlan,
  Permits,
  RetryPlan,
  RulePlan,
  ShadowEntry,
  SplitEntry,
  StickyPlan,
} from "./traffic-plan.ts";
import type { WorkloadPlan } from "./workload-plan.ts";

/** What a SeldonDeployment means, free of how it was written and of who will carry it out. Nobody edits it. */
export interface DeploymentPlan {
  /** `<namespace>/<name>`, the key of everything that belongs to this deployment. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** Label value and VirtualService name: the name, or its hash when too long. */
  readonly seldonId: string;
  readonly protocol: Protocol;
  readonly transport: Transport;
  readonly hosts: readonly string[];
  readonly gateways: readonly string[];
  /** Every predictor in the order of the resource, shadows included. */
  readonly predictors: readonly PredictorPlan[];
  /** The predictors that answer, with their weights; at least one weight is positive. */
  readonly split: readonly SplitEntry[];
  readonly shadows: readonly ShadowEntry[];
  /** Absent: the default of who routes; with 0 attempts none. Never applies to feedback. */
  readonly retry?: RetryPlan;
  /** What each predictor may hold at most; absent: the default of who routes. */
  readonly circuitBreakers?: CircuitBreakers;
  readonly takeover?: Takeover;
  /** Absent: the request id is the key of the split. */
  readonly sticky?: StickyPlan;
  /** Asked in order before the split; those of a predictor that is not routed now are left out. */
  readonly rules: readonly RulePlan[];
  readonly deadline?: DeadlinePlan;
  /** Predictors that answer, in this order, for one of which no pod can; none: nobody does. */
  readonly fallback: readonly string[];
  readonly limits?: LimitsPlan;
  readonly ejection?: EjectionPlan;
  readonly permits: Permits;
  /** What runs in a cluster for it. */
  readonly workloads: WorkloadPlan;
}

export type Protocol = "seldon" | "tensorflow" | "v2";
export type Transport = "rest" | "grpc";

/**
 * From `seldon.io/ambassador-service-name` and `seldon.io/ambassador-header`: requests for another deployment of the
 * namespace that have these headers are answered by this one.
 */
export interface Takeover {
  readonly deployment: string;
  readonly headers: readonly { readonly name: string; readonly value?: string }[];
}

/** From `seldon.io/ambassador-circuit-breakers-…`; what is absent has the default of who routes. */
export interface CircuitBreakers {
  readonly maxConnections?: number;
  readonly maxPendingRequests?: number;
  readonly maxRequests?: number;
  /** Retries in flight. */
  readonly maxRetries?: number;
}

export interface PredictorPlan {
  readonly name: string;
  readonly shadow: boolean;
  /** `traffic` as the resource says it; 0 when it says nothing. Shares are in the split. */
  readonly traffic: number;
  /** Name of the predictor's Service, DestinationRule and `seldon-app` label. */
  readonly serviceName: string;
  /** Fully qualified host of that Service. */
  readonly serviceHost: string;
  /** Ports of that Service: the orchestrator's, or the model's own without one. */
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Labels of the pods that serve it: the DestinationRule's subset. */
  readonly subsetLabels: Readonly<Record<string, string>>;
  /** Labels and annotations of the predictor, as the orchestrator is told them. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly orchestrator: OrchestratorPlacement;
  readonly graph: GraphNode;
  /** The label `version`. */
  readonly version: string;
  readonly pods: readonly PodPlan[];
  /** Arguments, environment and annotations the orchestrator is started with. */
  readonly orchestratorSettings: OrchestratorSettings;
  readonly explainer?: ExplainerPlan;
  /** Present: its policy wants requests to go past the orchestrator. Routes do so while every predictor has it. */
  readonly bypass?: BypassPlan;
}

/** Where the one model of a predictor is reached past the orchestrator: the Service of its container. */
export interface BypassPlan {
  readonly serviceName: string;
  readonly serviceHost: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  /** What the model server calls the model: its parameter `model_name`, else the node's name. */
  readonly model: string;
  /** How the model takes calls; other ones go through the orchestrator, which translates. */
  readonly transports: readonly Transport[];
  /** CORS_ALLOWED_ORIGINS and CORS_ALLOWED_HEADERS of the orchestrator, which browsers go on being told. */
  readonly allowedOrigins: string;
  readonly allowedHeaders: string;
}

/** Where the explainer of a predictor is reached: `/seldon/<namespace>/<deployment>-explainer/<predictor>/`. */
export interface ExplainerPlan {
  /** Name of its Deployment, Service and DestinationRule. */
  readonly serviceName: string;
  readonly serviceHost: string;
  readonly httpPort: number;
  /** Labels of its pods: the DestinationRule's subset. */
  readonly subsetLabels: Readonly<Record<string, string>>;
}

/** `none` is `seldon.io/no-engine`; `separate` is `seldon.io/engine-separate-pod`. */
export type OrchestratorPlacement = "sidecar" | "separate" | "none";

export interface OrchestratorSettings {
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds per node call; absent: none. */
  readonly restTimeoutMs?: number;
  readonly grpcTimeoutMs?: number;
  readonly grpcMaxMessageBytes?: number;
  /** Present: the answer's `meta` says what every node said in its own. */
  readonly mergeMeta?: true;
  /** Payloads that may wait to be logged, and for how long; absent: the orchestrator's own defaults. */
  readonly loggerQueueEntries?: number;
  readonly loggerWriteTimeoutMs?: number;
}

export type NodeType = "MODEL" | "ROUTER" | "COMBINER" | "TRANSFORMER" | "OUTPUT_TRANSFORMER";
export type NodeMethod = "TRANSFORM_INPUT" | "TRANSFORM_OUTPUT" | "ROUTE" | "AGGREGATE" | "SEND_FEEDBACK";
export type BuiltinImplementation = "SIMPLE_MODEL" | "SIMPLE_ROUTER" | "RANDOM_ABTEST" | "AVERAGE_COMBINER";

export interface GraphNode {
  readonly name: string;
  /** Absent where the resource gives methods only, or a built-in implementation only. */
  readonly type?: NodeType;
  readonly methods: readonly NodeMethod[];
  /** A node is either a container or built into the orchestrator. */
  readonly runs:
    | { readonly in: "container"; readonly container: string; readonly endpoint: NodeEndpoint; readonly image: string }
    | { readonly in: "orchestrator"; readonly implementation: BuiltinImplementation };
  readonly parameters: readonly NodeParameter[];
  readonly logger?: { readonly mode: "all" | "request" | "response"; readonly url: string };
  readonly children: readonly GraphNode[];
}

export interface NodeEndpoint {
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Absent: the node is called the way the client called the graph. */
  readonly transport?: Transport;
}

export interface NodeParameter {
  readonly name: string;
  readonly value: string;
  readonly type: string;
}

/** One componentSpec: containers that live and die together. */
export interface PodPlan {
  /** Name of the Kubernetes Deployment. */
  readonly name: string;
  readonly index: number;
  readonly containers: readonly ContainerPlan[];
  readonly terminationGracePeriodSeconds: number;
}

/** A container with everything the graph adds to it (environment, ports, probes), numbers as in Kubernetes. */
export interface ContainerPlan {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir?: string;
  readonly env: readonly EnvVar[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly startupProbe?: Probe;
  readonly preStop?: ProbeAction;
  /** True when a node of the graph runs in it. */
  readonly inGraph: boolean;
  /** Fields that only a cluster can honour (`volumeMounts`, `envFrom`, …), named so that local mode can say so. */
  readonly clusterOnly?: readonly string[];
}

/** A variable with a value; others (from secrets, fields) are kept by name so that nothing vanishes in silence. */
export type EnvVar =
  { readonly name: string; readonly value: string } | { readonly name: string; readonly from: string };

export interface Probe {
  readonly action: ProbeAction;
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** Ports are numbers or names of the container's ports. */
export type ProbeAction =
  | {
      readonly kind: "httpGet";
      readonly path: string;
      readonly port: number | string;
      readonly scheme: "HTTP" | "HTTPS";
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: "tcpSocket"; readonly port: number | string }
  | { readonly kind: "grpc"; readonly port: number; readonly service: string }
  | { readonly kind: "exec"; readonly command: readonly string[] };
