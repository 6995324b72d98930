import type { Container, EnvVar, ObjectMeta, PodSpec, StringMap } from "./kubernetes.ts";

/** The API group of SeldonDeployments. */
export const SELDON_GROUP = "machinelearning.seldon.io";
/** Its served versions; their schema is the same. */
export const SELDON_VERSIONS = ["v1", "v1alpha2", "v1alpha3"] as const;
export const SELDON_KIND = "SeldonDeployment";

/** A SeldonDeployment as the user wrote it (Seldon 1.17.1). Enum-like fields are free text, as in Seldon's own schema. */
export interface SeldonDeployment {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec: SeldonDeploymentSpec;
  readonly status?: Readonly<Record<string, unknown>>;
}

export interface SeldonDeploymentSpec {
  /** Deprecated by Seldon; appears in the webhook's error text only. */
  readonly name?: string;
  readonly predictors: readonly PredictorSpec[];
  readonly oauth_key?: string;
  readonly oauth_secret?: string;
  readonly annotations?: StringMap;
  readonly protocol?: string;
  readonly transport?: string;
  readonly replicas?: number;
  readonly serverType?: string;
}

export interface PredictorSpec {
  readonly name: string;
  readonly graph: PredictiveUnit;
  readonly componentSpecs?: readonly ComponentSpec[];
  readonly replicas?: number;
  readonly annotations?: StringMap;
  /** Ignored by Seldon; `svcOrchSpec.resources` took its place. */
  readonly engineResources?: Readonly<Record<string, unknown>>;
  readonly labels?: StringMap;
  readonly svcOrchSpec?: SvcOrchSpec;
  readonly traffic?: number;
  readonly explainer?: Explainer;
  readonly shadow?: boolean;
  readonly ssl?: Ssl;
  readonly progressDeadlineSeconds?: number;
}

export interface SvcOrchSpec {
  readonly resources?: Readonly<Record<string, unknown>>;
  readonly env?: readonly EnvVar[];
  readonly replicas?: number;
}

export interface Ssl {
  readonly certSecretName?: string;
}

/** Containers that live in one pod. */
export interface ComponentSpec {
  readonly metadata?: ObjectMeta;
  readonly spec?: PodSpec;
  readonly replicas?: number;
  readonly hpaSpec?: HpaSpec;
  readonly kedaSpec?: Readonly<Record<string, unknown>>;
  readonly pdbSpec?: Readonly<Record<string, unknown>>;
}

export interface HpaSpec {
  readonly minReplicas?: number;
  readonly maxReplicas: number;
  readonly metrics?: readonly Readonly<Record<string, unknown>>[];
  readonly metricsv2?: readonly Readonly<Record<string, unknown>>[];
}

/** One node of the inference graph. */
export interface PredictiveUnit {
  readonly name: string;
  readonly children?: readonly PredictiveUnit[];
  readonly type?: string;
  readonly implementation?: string;
  readonly methods?: readonly string[];
  readonly endpoint?: Endpoint;
  readonly parameters?: readonly Parameter[];
  readonly modelUri?: string;
  readonly serviceAccountName?: string;
  readonly envSecretRefName?: string;
  readonly storageInitializerImage?: string;
  readonly logger?: Logger;
}

/** Where a node is reached; the mixed case of the keys is Seldon's. */
export interface Endpoint {
  readonly service_host?: string;
  readonly service_port?: number;
  readonly type?: string;
  readonly httpPort?: number;
  readonly grpcPort?: number;
}

/** A parameter of a node; the value is always text, `type` says how to read it. */
export interface Parameter {
  readonly name: string;
  readonly value: string;
  readonly type: string;
}

export interface Logger {
  readonly url?: string;
  readonly mode?: string;
}

export interface Explainer {
  readonly type?: string;
  readonly modelUri?: string;
  readonly serviceAccountName?: string;
  readonly containerSpec?: Container;
  readonly config?: StringMap;
  readonly endpoint?: Endpoint;
  readonly envSecretRefName?: string;
  readonly storageInitializerImage?: string;
  readonly replicas?: number;
  /** JSON as text. */
  readonly initParameters?: string;
}
