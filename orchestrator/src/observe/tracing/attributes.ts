import { GRPC, type CallError } from "../../execute/call-error.ts";
import type { Graph, Transport } from "../../graph/graph.ts";
import type { TracedCall } from "../../execute/request-trace.ts";
import { failSpan, type AttributeValue, type Span } from "./span.ts";

// Names and rules are those of OpenTelemetry's semantic conventions for HTTP and RPC spans, version 1.43; what is ours
// begins with `graphway.`. Never a payload, and no header but the request's id.

export type UrlScheme = "http" | "https";

type Attributes = Record<string, AttributeValue>;

interface Request {
  readonly graph: Pick<Graph, "namespace" | "deployment" | "predictor">;
  readonly transport: Transport;
  readonly path: string;
  readonly method: string;
  readonly puid: string;
  readonly isShadow: boolean;
}

/** Of a server span, as it begins. */
export function requestAttributes(request: Request, scheme: UrlScheme): Attributes {
  const { graph, transport, path, puid } = request;
  const about = {
    "graphway.namespace": graph.namespace,
    "graphway.deployment": graph.deployment,
    "graphway.predictor": graph.predictor,
    "graphway.puid": puid,
  };
  const attributes: Attributes =
    transport === "grpc"
      ? { "rpc.system.name": "grpc", "rpc.method": methodName(path), ...about }
      : { "http.request.method": request.method, "url.scheme": scheme, "url.path": path, ...about };
  if (request.isShadow) attributes["graphway.shadow"] = true;
  return attributes;
}

/** Of a client span, as it begins. */
export function callAttributes(call: TracedCall, scheme: UrlScheme): Attributes {
  const { node, operation, transport, service } = call;
  if (node.runs.in === "builtin") return { "graphway.node": node.name, "graphway.operation": operation };
  const { host, httpPort, grpcPort } = node.runs.endpoint;
  if (transport === "grpc") {
    return {
      "graphway.node": node.name,
      "graphway.operation": operation,
      "rpc.system.name": "grpc",
      "rpc.method": methodName(service),
      "server.address": host,
      "server.port": grpcPort,
    };
  }
  return {
    "graphway.node": node.name,
    "graphway.operation": operation,
    "http.request.method": call.method,
    "server.address": host,
    "server.port": httpPort,
    "url.full": `${scheme}://${host.includes(":") ? `[${host}]` : host}:${httpPort}${service}`,
  };
}

/** How a request ended. Only what is the server's own fault makes its span an error. */
export function requestFailed(span: Span, transport: Transport, code: string, failure: CallError | undefined): void {
  setCode(span, transport, code, failure, failure?.fault !== "cancelled");
  if (failure === undefined) return;
  span.attributes["error.type"] = errorType(code, failure);
  const isServerFault = transport === "grpc" ? isFaultOfServer(code, failure) : failure.httpStatus >= 500;
  if (isServerFault) failSpan(span, failure.message);
}

/** How a node call ended: every failure is an error of its span. */
export function callFailed(span: Span, transport: Transport, code: string, failure: CallError | undefined): void {
  setCode(span, transport, code, failure, failure?.fault === "node" || failure === undefined);
  if (failure === undefined) return;
  span.attributes["error.type"] = errorType(code, failure);
  failSpan(span, failure.message);
}

function setCode(
  span: Span,
  transport: Transport,
  code: string,
  failure: CallError | undefined,
  wasAnswered: boolean,
): void {
  if (transport === "grpc") {
    const isOwn = failure !== undefined && isBeyondStandard(failure);
    span.attributes["rpc.response.status_code"] = isOwn ? String(failure.grpcCode) : upperSnake(code);
  }
  if (transport === "rest" && wasAnswered) span.attributes["http.response.status_code"] = Number(code);
}

function errorType(code: string, failure: CallError): string {
  return failure.fault === "node" ? code : failure.fault;
}

/** A code of the node's own, which has a number and no name. */
function isBeyondStandard({ grpcCode }: CallError): boolean {
  return grpcCode > GRPC.UNAUTHENTICATED;
}

/** A code that nobody knows is taken for UNKNOWN, as gRPC has it. */
function isFaultOfServer(code: string, failure: CallError): boolean {
  return SERVER_FAULTS.has(code) || isBeyondStandard(failure);
}

/** gRPC codes, as Go spells them, that the conventions call errors of a server. */
const SERVER_FAULTS: ReadonlySet<string> = new Set([
  "Unknown",
  "DeadlineExceeded",
  "Unimplemented",
  "Internal",
  "Unavailable",
  "DataLoss",
]);

/** `DeadlineExceeded` as `DEADLINE_EXCEEDED`; Go's `Canceled` is `CANCELLED` everywhere else. */
function upperSnake(code: string): string {
  if (code === "Canceled") return "CANCELLED";
  return code === "OK" ? code : code.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}

function methodName(path: string): string {
  return path.startsWith("/") ? path.slice(1) : path;
}
