import type { Graph, Protocol } from "../graph/graph.ts";
import type { NodeProtocol } from "./protocol.ts";
import { SELDON } from "./seldon.ts";
import { TENSORFLOW } from "./tensorflow.ts";
import { V2 } from "./v2.ts";

const BY_NAME: Readonly<Record<Protocol, NodeProtocol>> = { seldon: SELDON, tensorflow: TENSORFLOW, v2: V2 };

/** The protocol that a graph's clients and nodes speak. */
export function protocolOf(graph: Pick<Graph, "protocol">): NodeProtocol {
  return BY_NAME[graph.protocol];
}
