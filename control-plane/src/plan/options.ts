import { DEFAULT_WORKLOAD_OPTIONS, type WorkloadOptions } from "./workload-options.ts";

/** What an operator can set about the meaning of every deployment. Names in capitals are Seldon's variables. */
export interface PlanOptions {
  /** ISTIO_GATEWAY: gateway of a deployment that names none. */
  readonly gateway: string;
  /** DNS suffix of Services. Seldon 1.17.1 knows `cluster.local` only. */
  readonly clusterDomain: string;
  /** ENGINE_SERVER_PORT and ENGINE_SERVER_GRPC_PORT: the orchestrator's ports. */
  readonly orchestratorHttpPort: number;
  readonly orchestratorGrpcPort: number;
  /** DEPLOYMENT_NAME_AS_PREFIX: hashed names of Deployments begin with the SeldonDeployment's name where that fits. */
  readonly deploymentNameAsPrefix: boolean;
  /** EXECUTOR_PROMETHEUS_PATH: where containers serve their metrics. */
  readonly prometheusPath: string;
  /** PREDICTIVE_UNIT_METRICS_PORT_NAME: name of the metrics port. */
  readonly metricsPortName: string;
  /** EXECUTOR_REQUEST_LOGGER_DEFAULT_ENDPOINT: where payloads are logged when a node names no place. */
  readonly requestLoggerUrl: string;
  /** False where containers are processes of this machine: a server without an image is no error then. */
  readonly needsImages: boolean;
  readonly workloads: WorkloadOptions;
}

/** What holds unless the operator says otherwise: the defaults of Seldon's Helm chart. */
export const DEFAULT_PLAN_OPTIONS: PlanOptions = {
  gateway: "istio-system/seldon-gateway",
  clusterDomain: "cluster.local",
  orchestratorHttpPort: 8000,
  orchestratorGrpcPort: 5001,
  deploymentNameAsPrefix: false,
  prometheusPath: "/prometheus",
  metricsPortName: "metrics",
  requestLoggerUrl: "http://default-broker",
  needsImages: true,
  workloads: DEFAULT_WORKLOAD_OPTIONS,
};
