import type { DefaultedEndpoint, DefaultedNode, DefaultedPredictor } from "../../../model/defaulted.ts";
import type { Container } from "../../../model/kubernetes.ts";
import type { PlanContext } from "../../context.ts";

/** A node of a prepackaged server, the container it runs in, and its ports. */
export interface ServedNode {
  readonly context: PlanContext;
  readonly predictor: DefaultedPredictor;
  readonly node: DefaultedNode;
  readonly endpoint: DefaultedEndpoint;
  readonly container: Container;
}

/** What a server makes of its node's container. */
export interface ServerContainers {
  readonly container: Container;
  /** The container that reads the model, where it is another one. */
  readonly sidecar?: Container;
  /** False where the server fetches the model itself. */
  readonly downloads: boolean;
}
