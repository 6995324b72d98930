import type { DefaultedNode, DefaultedPredictor } from "../../../model/defaulted.ts";
import type { Container } from "../../../model/kubernetes.ts";
import type { PlanContext } from "../../context.ts";
import { nodeRuns } from "../../../model/graph.ts";

/** What a pod gets so that a node's container has its model and knows how to serve it. */
export interface ServerAdditions {
  /** The node's container with image, args, environment, ports, mounts and probes of its server. */
  readonly container: Container;
  /** Containers beside it, complete: no part of the graph. */
  readonly sidecars: readonly Container[];
  /** Downloads of models, complete. */
  readonly initContainers: readonly Container[];
  /** Volumes of the containers above; a name may come twice from two nodes of a pod and means the same then. */
  readonly volumes: readonly Volume[];
  /** Service account that the pod runs as, unless the pod says one. */
  readonly serviceAccountName?: string;
}

export type Volume = Readonly<Record<string, unknown>> & { readonly name: string };

/** True for nodes that get anything: those of prepackaged servers and those that name a model. */
export function hasServer(node: DefaultedNode): boolean {
  return nodeRuns(node) === "prepackaged" || (nodeRuns(node) === "container" && (node.modelUri ?? "") !== "");
}

/**
 * What a pod gets for one node of the graph. To be called with the container as defaulted, before the graph's own
 * additions: these then fill in only what is still absent (variables, ports, probes). A container of a node without
 * server or model comes back as it is.
 */
export function serverOf(
  context: PlanContext,
  predictor: DefaultedPredictor,
  node: DefaultedNode,
  container: Container,
): ServerAdditions {
  void context;
  void predictor;
  void node;
  return { container, sidecars: [], initContainers: [], volumes: [] };
}
