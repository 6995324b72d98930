import type { Container, ObjectMeta, PodSpec, StringMap } from "./kubernetes.ts";
import type {
  ComponentSpec,
  PredictiveUnit,
  PredictorSpec,
  SeldonDeployment,
  SeldonDeploymentSpec,
} from "./seldon-deployment.ts";

/** A SeldonDeployment after Seldon's defaulting rules: what was left out is filled in. */
export interface DefaultedDeployment extends Omit<SeldonDeployment, "metadata" | "spec"> {
  readonly metadata: ObjectMeta & { readonly name: string; readonly namespace: string };
  readonly spec: DefaultedSpec;
}

export interface DefaultedSpec extends Omit<SeldonDeploymentSpec, "predictors"> {
  readonly predictors: readonly DefaultedPredictor[];
}

export interface DefaultedPredictor extends Omit<PredictorSpec, "graph" | "componentSpecs" | "labels"> {
  /** Always has `version`. */
  readonly labels: StringMap;
  readonly graph: DefaultedNode;
  /** With the containers of prepackaged servers added. */
  readonly componentSpecs: readonly DefaultedComponentSpec[];
}

export interface DefaultedComponentSpec extends Omit<ComponentSpec, "spec"> {
  readonly spec: Omit<PodSpec, "containers"> & { readonly containers: readonly Container[] };
}

/** A node of the graph. `type` stays absent for built-ins and for nodes that give methods only. */
export interface DefaultedNode extends Omit<PredictiveUnit, "children" | "implementation" | "endpoint"> {
  /** `UNKNOWN_IMPLEMENTATION` for a node that runs in the user's container. */
  readonly implementation: string;
  readonly children: readonly DefaultedNode[];
  /** Present exactly when a container of the predictor bears the node's name. `service_host` needs names: see the plan. */
  readonly endpoint?: DefaultedEndpoint;
}

export interface DefaultedEndpoint {
  /** `REST` or `GRPC` as written by the user; absent: as the deployment's transport says. */
  readonly type?: string;
  /** As written by the user. */
  readonly service_host?: string;
  readonly service_port: number;
  readonly httpPort: number;
  readonly grpcPort: number;
}
