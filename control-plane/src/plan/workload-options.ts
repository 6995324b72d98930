import { DEFAULT_PREDICTOR_SERVERS, type PredictorServers } from "../model/defaults/predictor-servers.ts";
import type { StringMap } from "../model/kubernetes.ts";
import { DEFAULT_CREDENTIAL_KEYS, type CredentialKeys } from "./workloads/server/download-credentials.ts";

/** What an operator can set about everything that runs. Names in capitals are Seldon's variables, values its Helm chart's. */
export interface WorkloadOptions {
  readonly orchestrator: OrchestratorOptions;
  readonly storageInitializer: StorageInitializerOptions;
  readonly explainer: ExplainerImages;
  /** Images of the prepackaged servers: key `predictor_servers` of the ConfigMap `seldon-config`. */
  readonly predictorServers: PredictorServers;
  /** How credentials for downloads are told apart: key `credentials` of the ConfigMap `seldon-config`. */
  readonly credentials: CredentialKeys;
  /** DEFAULT_USER_ID: who pods run as that do not say; empty: as their images do. */
  readonly defaultUserId: string;
  /** DEFAULT_CERT_MOUNT_PATH_NAME: where `ssl.certSecretName` is mounted. */
  readonly certMountPath: string;
  /** PREDICTIVE_UNIT_DEFAULT_ENV_SECRET_REF_NAME: secret for model downloads of nodes that name none. */
  readonly defaultEnvSecretName: string;
  /** KEDA_ENABLED. */
  readonly keda: boolean;
}

export interface OrchestratorOptions {
  /** RELATED_IMAGE_EXECUTOR, else EXECUTOR_CONTAINER_IMAGE_AND_VERSION. */
  readonly image: string;
  /** EXECUTOR_CONTAINER_IMAGE_PULL_POLICY. */
  readonly imagePullPolicy: string;
  /** EXECUTOR_CONTAINER_USER; empty: as the image says. */
  readonly userId: string;
  /** EXECUTOR_CONTAINER_SERVICE_ACCOUNT_NAME, of orchestrators in pods of their own. */
  readonly serviceAccount: string;
  /** EXECUTOR_SERVER_METRICS_PORT_NAME. */
  readonly metricsPortName: string;
  /** EXECUTOR_FULL_HEALTH_CHECKS. */
  readonly fullHealthChecks: boolean;
  /** EXECUTOR_REQUEST_LOGGER_WORK_QUEUE_SIZE and EXECUTOR_REQUEST_LOGGER_WRITE_TIMEOUT_MS. */
  readonly loggerQueueEntries: number;
  readonly loggerWriteTimeoutMs: number;
  /** EXECUTOR_DEFAULT_{CPU,MEMORY}_{REQUEST,LIMIT}; quantities. */
  readonly requests: StringMap;
  readonly limits: StringMap;
  /** `host:port` of the control plane's xDS server; absent: orchestrators go by ENGINE_PREDICTOR alone. */
  readonly xdsServer?: string;
  /** Audience of the token that an orchestrator shows to the control plane. */
  readonly xdsTokenAudience: string;
  /** How long it goes on serving after it said that it is not ready, so that nobody sends to it any more. */
  readonly shutdownDelayMs: number;
}

/** Key `storageInitializer` of the ConfigMap `seldon-config`. */
export interface StorageInitializerOptions {
  /** RELATED_IMAGE_STORAGE_INITIALIZER, else the ConfigMap's. */
  readonly image: string;
  readonly cpuRequest: string;
  readonly cpuLimit: string;
  readonly memoryRequest: string;
  readonly memoryLimit: string;
}

/** Key `explainer` of the ConfigMap `seldon-config`; RELATED_IMAGE_EXPLAINER and RELATED_IMAGE_EXPLAINER_V2 win. */
export interface ExplainerImages {
  readonly image: string;
  readonly imageV2: string;
}

/** What holds unless the operator says otherwise. */
export const DEFAULT_WORKLOAD_OPTIONS: WorkloadOptions = {
  orchestrator: {
    image: "graphway/orchestrator:0.1.0",
    imagePullPolicy: "IfNotPresent",
    userId: "8888",
    serviceAccount: "default",
    metricsPortName: "metrics",
    fullHealthChecks: false,
    loggerQueueEntries: 10_000,
    loggerWriteTimeoutMs: 2000,
    requests: { cpu: "500m", memory: "512Mi" },
    limits: { cpu: "500m", memory: "512Mi" },
    xdsTokenAudience: "graphway",
    shutdownDelayMs: 5000,
  },
  storageInitializer: {
    image: "seldonio/rclone-storage-initializer:1.17.1",
    cpuRequest: "100m",
    cpuLimit: "1",
    memoryRequest: "100Mi",
    memoryLimit: "1Gi",
  },
  explainer: { image: "seldonio/alibiexplainer:1.17.1", imageV2: "seldonio/mlserver:1.3.5-alibi-explain" },
  predictorServers: DEFAULT_PREDICTOR_SERVERS,
  credentials: DEFAULT_CREDENTIAL_KEYS,
  defaultUserId: "8888",
  certMountPath: "/cert/",
  defaultEnvSecretName: "",
  keda: false,
};
