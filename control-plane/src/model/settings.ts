import type { Severity } from "../problem/problem.ts";
import { DEFAULT_PREDICTOR_SERVERS, type PredictorServers } from "./defaults/predictor-servers.ts";

/** What an operator of this project can set about reading SeldonDeployments. Names in capitals are Seldon's variables. */
export interface ModelSettings {
  /** Namespace of objects that name none. */
  readonly defaultNamespace: string;
  /** PREDICTIVE_UNIT_HTTP_SERVICE_PORT: first HTTP port given to a container. */
  readonly firstHttpPort: number;
  /** PREDICTIVE_UNIT_GRPC_SERVICE_PORT: first gRPC port given to a container. */
  readonly firstGrpcPort: number;
  /** PREDICTIVE_UNIT_METRICS_SERVICE_PORT: first metrics port given to a container. */
  readonly firstMetricsPort: number;
  /** PREDICTIVE_UNIT_METRICS_PORT_NAME: name of the metrics port. */
  readonly metricsPortName: string;
  /** Images of the prepackaged servers: key `predictor_servers` of the ConfigMap `seldon-config`. */
  readonly predictorServers: PredictorServers;
  /** Predictors of one deployment that may be shadows. Seldon allows one (rule 18). */
  readonly maxShadows: number;
  /** How bad the same kind, namespace and name in two files is; in one file it is always an error. */
  readonly duplicateAcrossFiles: Severity;
  readonly limits: ModelLimits;
}

/** Bounds on the input, so that no text can exhaust the process. */
export interface ModelLimits {
  /** Levels of `children` below the root of a graph: those of the CustomResourceDefinition. Seldon's has 10. */
  readonly maxGraphDepth: number;
  /** Characters of one document; Kubernetes takes requests of 3 MiB. */
  readonly maxDocumentCharacters: number;
  /** Characters of one file. */
  readonly maxFileCharacters: number;
  /** Levels of maps and lists in a document. */
  readonly maxNesting: number;
  /** Values in a document after its aliases are written out. */
  readonly maxNodes: number;
}

export const DEFAULT_MODEL_SETTINGS: ModelSettings = {
  defaultNamespace: "default",
  firstHttpPort: 9000,
  firstGrpcPort: 9500,
  firstMetricsPort: 6000,
  metricsPortName: "metrics",
  predictorServers: DEFAULT_PREDICTOR_SERVERS,
  maxShadows: 1,
  duplicateAcrossFiles: "error",
  limits: {
    maxGraphDepth: 20,
    maxDocumentCharacters: 3 * 1024 * 1024,
    maxFileCharacters: 32 * 1024 * 1024,
    maxNesting: 100,
    maxNodes: 200_000,
  },
};
