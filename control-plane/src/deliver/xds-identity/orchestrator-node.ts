import { METADATA_ENGINE_PREDICTOR } from "#proto/vocabulary/orchestrator-node.ts";
import type { XdsNode } from "../xds-server/node-view.ts";

/** The graph that an orchestrator claims to be there for. */
export interface OrchestratorClaim {
  /** `<namespace>/<deployment>`. */
  readonly key: string;
  readonly namespace: string;
  readonly predictor: string;
  /** Name of its graph on the wire. */
  readonly graph: string;
  /** Hash of the ENGINE_PREDICTOR that it was started with; empty when it does not say. */
  readonly startedWith: string;
}

/** What the node says of itself; undefined when it is no orchestrator. */
export function readOrchestratorNode({ id, metadata }: XdsNode): OrchestratorClaim | undefined {
  const [role, namespace, deployment, predictor, ...rest] = id.split("~");
  if (role !== "orchestrator" || !namespace || !deployment || !predictor || rest.length > 0) return undefined;
  const hash = metadata[METADATA_ENGINE_PREDICTOR];
  return {
    key: `${namespace}/${deployment}`,
    namespace,
    predictor,
    graph: `${namespace}/${deployment}/${predictor}`,
    startedWith: typeof hash === "string" ? hash : "",
  };
}
