import type { DraftEndpoint, DraftNode } from "./draft.ts";
import type { BuiltinRun, ContainerRun, Protocol, Transport } from "./graph.ts";
import type { Stages } from "./stages.ts";

/** Where a node runs, and how it is reached; undefined where it can't be, which `refuse` is told. */
export function checkRun(
  draft: DraftNode,
  stages: Stages,
  ignoresType: boolean,
  refuse: (message: string) => void,
): ContainerRun | BuiltinRun | undefined {
  if (draft.builtin !== undefined) return { in: "builtin", implementation: draft.builtin };
  const { endpoint } = draft;
  for (const message of portProblems(endpoint ?? NO_ENDPOINT)) refuse(message);
  if (!stages.isCalled) return { in: "container", endpoint: Object.freeze(endpoint ?? NO_ENDPOINT) };
  if (endpoint === undefined || endpoint.host === "") {
    refuse("the node is called, but has no endpoint; give endpoint.service_host and its ports");
    return undefined;
  }
  for (const message of transportProblems(endpoint)) refuse(message);
  const hasBoth = endpoint.httpPort !== 0 && endpoint.grpcPort !== 0;
  const transport = ignoresType && hasBoth ? undefined : endpoint.transport;
  return { in: "container", endpoint: Object.freeze({ ...endpoint, transport }) };
}

/**
 * Whether the endpoint types of a graph mean nothing. REST of every node is what Seldon's samples and older operators
 * write, for graphs that are called by gRPC too. With protocol tensorflow messages are not translated, so that a graph
 * of one type would be closed to clients of the other.
 */
export function saysNothing(root: DraftNode, protocol: Protocol | undefined): boolean {
  const types = new Set(typesOf(root));
  if (protocol === "tensorflow") types.delete(undefined);
  return types.size === 1 && (protocol === "tensorflow" || types.has("rest"));
}

/** The transport that each node in a container names. */
function typesOf({ builtin, endpoint, children }: DraftNode): readonly (Transport | undefined)[] {
  const below = children.flatMap(typesOf);
  return builtin === undefined ? [endpoint?.transport, ...below] : below;
}

const NO_ENDPOINT: DraftEndpoint = { host: "", httpPort: 0, grpcPort: 0, servicePort: 0, transport: undefined };

/** Readiness connects to nodes that are never called too. */
function portProblems(endpoint: DraftEndpoint): string[] {
  const found: string[] = [];
  for (const name of ["httpPort", "grpcPort", "servicePort"] as const) {
    const port = endpoint[name];
    if (!Number.isInteger(port) || port < 0 || port > 65535) found.push(`endpoint.${name} ${port} is not a port`);
  }
  return found;
}

function transportProblems(endpoint: DraftEndpoint): string[] {
  const found: string[] = [];
  if (endpoint.transport === "rest" && endpoint.httpPort === 0) found.push("a REST endpoint needs an httpPort");
  if (endpoint.transport === "grpc" && endpoint.grpcPort === 0) found.push("a gRPC endpoint needs a grpcPort");
  if (endpoint.httpPort === 0 && endpoint.grpcPort === 0) found.push("the endpoint has no httpPort and no grpcPort");
  return found;
}
