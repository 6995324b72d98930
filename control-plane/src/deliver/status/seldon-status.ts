/** `status` of a SeldonDeployment: Seldon 1.17.1's fields, and `observedGeneration`. */
export interface SeldonDeploymentStatus {
  readonly state: SeldonState;
  readonly description?: string;
  /** Generation of the resource that all of this is about. */
  readonly observedGeneration: number;
  readonly replicas?: number;
  readonly deploymentStatus?: Readonly<
    Record<string, { readonly replicas: number; readonly availableReplicas: number }>
  >;
  readonly serviceStatus?: Readonly<Record<string, ServiceStatus>>;
  readonly address?: { readonly url: string };
  readonly conditions: readonly Condition[];
}

export type SeldonState = "Available" | "Creating" | "Failed";

export interface ServiceStatus {
  readonly svcName: string;
  /** `service.namespace:port`. */
  readonly httpEndpoint?: string;
  readonly grpcEndpoint?: string;
  readonly explainerFor?: string;
}

/** Seldon's eight types, with their odd case, and two of our own. */
export type ConditionType =
  | "Ready"
  | "DeploymentsReady"
  | "ServicesReady"
  | "istioVirtualServicesReady"
  | "HpasReady"
  | "PdbsReady"
  | "KedaReady"
  | "AmbassadorMappingsReady"
  | "Accepted"
  | "Programmed";

export interface Condition {
  readonly type: ConditionType;
  readonly status: "True" | "False" | "Unknown";
  readonly reason?: string;
  readonly message?: string;
  /** RFC 3339; moves only when `status` changes. */
  readonly lastTransitionTime: string;
}
