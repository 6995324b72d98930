import type { GraphNode, Protocol, Transport } from "./graph.ts";

type Refuse = (path: string, message: string) => void;

/** What the nodes of a graph can't do with its protocol. */
export function checkProtocol(nodes: readonly GraphNode[], protocol: Protocol, refuse: Refuse): void {
  for (const node of nodes) checkBuiltin(node, protocol, refuse);
  if (protocol === "tensorflow") checkOneTransport(nodes, refuse);
}

/** Two of the built-in units read and write Seldon's messages; the other two only choose. */
function checkBuiltin(node: GraphNode, protocol: Protocol, refuse: Refuse): void {
  if (protocol === "seldon" || node.runs.in !== "builtin") return;
  const { implementation } = node.runs;
  if (implementation !== "SIMPLE_MODEL" && implementation !== "AVERAGE_COMBINER") return;
  refuse(node.name, `${implementation} speaks protocol seldon only, not ${protocol}; use a container`);
}

/** Messages of TensorFlow Serving have no translation between REST and gRPC. */
function checkOneTransport(nodes: readonly GraphNode[], refuse: Refuse): void {
  const rest = nodes.find((node) => onlyTransport(node) === "rest");
  const grpc = nodes.find((node) => onlyTransport(node) === "grpc");
  if (rest === undefined || grpc === undefined) return;
  const both = `the node is called by gRPC, and ${rest.name} by REST`;
  refuse(grpc.name, `${both}; with protocol tensorflow all nodes of a graph must speak one`);
}

/** The transport that a node insists on; undefined where it has both, or is not called. */
function onlyTransport({ runs }: GraphNode): Transport | undefined {
  if (runs.in === "builtin" || runs.endpoint.host === "") return undefined;
  const { transport, httpPort, grpcPort } = runs.endpoint;
  return transport ?? (httpPort === 0 ? "grpc" : grpcPort === 0 ? "rest" : undefined);
}
