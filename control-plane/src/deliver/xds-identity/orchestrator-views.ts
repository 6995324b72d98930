import { status } from "@grpc/grpc-js";
import { TYPE } from "../../render/xds/type-urls.ts";
import type { NodeView, ViewFor } from "../xds-server/node-view.ts";
import { StreamRefused } from "../xds-server/stream-refused.ts";
import { readOrchestratorNode, type OrchestratorClaim } from "./orchestrator-node.ts";
import { isPodOf } from "./pod-name.ts";
import { identifyByToken } from "./token-identity.ts";
import type { TokenReviewer } from "./token-reviewer.ts";

export interface OrchestratorViewOptions {
  /** Undefined: what a node says of itself is believed. */
  readonly reviewToken: TokenReviewer | undefined;
  /** Names of the Deployments whose pods may have the graph of this predictor. */
  readonly deploymentsOf: (key: string, predictor: string) => readonly string[];
  /** Name in the store of the graph for pods that were started with this ENGINE_PREDICTOR. */
  readonly storedName: (graph: string, startedWith: string) => string;
  /** Told why somebody was sent away. */
  readonly onRefused?: (nodeId: string, reason: string) => void;
}

/**
 * What an orchestrator may see: the graph that it says it is there for, in the version for pods of its template. A token must be of that
 * namespace and, where it was made for a pod, of a pod of that predictor.
 */
export function orchestratorViews(options: OrchestratorViewOptions): ViewFor {
  const { reviewToken, onRefused } = options;

  function refuse(nodeId: string, code: status, reason: string): never {
    onRefused?.(nodeId, reason);
    throw new StreamRefused(code, reason);
  }

  return (node, header) => {
    const claim = readOrchestratorNode(node);
    if (claim === undefined) return refuse(node.id, status.PERMISSION_DENIED, "only orchestrators are served here");
    if (reviewToken === undefined) return viewOf(claim, options, undefined);
    const refuseIt = (code: status, reason: string): never => refuse(node.id, code, reason);
    return identifyByToken(header("authorization"), reviewToken, refuseIt).then((account) => {
      if (account.namespace === claim.namespace) return viewOf(claim, options, account.pod);
      return refuse(node.id, status.PERMISSION_DENIED, `a token of namespace ${account.namespace} opens no other`);
    });
  };
}

function viewOf(claim: OrchestratorClaim, options: OrchestratorViewOptions, pod: string | undefined): NodeView {
  const stored = options.storedName(claim.graph, claim.startedWith);
  const isOurPod = (): boolean =>
    pod === undefined || options.deploymentsOf(claim.key, claim.predictor).some((one) => isPodOf(pod, one));
  return {
    sees: (typeUrl, name) => typeUrl === TYPE.inferenceGraph && name === stored && isOurPod(),
    aliases: new Map([[TYPE.inferenceGraph, new Map([[claim.graph, stored]])]]),
  };
}
