import { CallError, GRPC, nodeGrpcError } from "../../execute/call-error.ts";
import { ERROR } from "../../http2/protocol.ts";
import { headerOf } from "../../http2/request-headers.ts";

/** The status of an answer from its trailers (or, without a body, its headers); undefined when it is OK. */
export function statusError(headers: readonly string[], httpStatus: number): CallError | undefined {
  const code = headerOf(headers, "grpc-status");
  if (code === undefined) {
    if (httpStatus === 200) return nodeGrpcError(GRPC.UNKNOWN, "the node's answer has no grpc-status");
    return nodeGrpcError(CODE_OF_HTTP.get(httpStatus) ?? GRPC.UNKNOWN, `the node answered HTTP ${httpStatus}`);
  }
  const number = DIGITS.test(code) ? Number(code) : GRPC.UNKNOWN;
  if (number === GRPC.OK) return undefined;
  const message = percentDecoded(headerOf(headers, "grpc-message") ?? "");
  return nodeGrpcError(number, message, headerOf(headers, "grpc-status-details-bin"));
}

/** A number beyond gRPC's own codes is the node's to use, and goes on to the client, as Go's clients and servers do. */
const DIGITS = /^\d{1,9}$/;

/** gRPC's "HTTP to gRPC status code mapping". */
const CODE_OF_HTTP: ReadonlyMap<number, number> = new Map([
  [400, GRPC.INTERNAL],
  [401, GRPC.UNAUTHENTICATED],
  [403, GRPC.PERMISSION_DENIED],
  [404, GRPC.UNIMPLEMENTED],
  [429, GRPC.UNAVAILABLE],
  [502, GRPC.UNAVAILABLE],
  [503, GRPC.UNAVAILABLE],
  [504, GRPC.UNAVAILABLE],
]);

/** The node's clock and timers are not ours: it may give up a call so much before our own deadline. */
const EARLY_MS = 2;

/**
 * What a stream that the node reset means, by gRPC over HTTP/2's table of error codes; one that it refused is asked for again and
 * never comes here. A node cancels calls whose deadline has passed, `deadlineMs` in performance.now() time.
 */
export function resetError(target: string, rstCode: number, deadlineMs: number): CallError {
  const why = `${target} reset the call (HTTP/2 error ${rstCode})`;
  switch (rstCode) {
    case ERROR.CANCEL:
      if (performance.now() >= deadlineMs - EARLY_MS)
        return new CallError("too-slow", "the request's deadline has passed");
      return nodeGrpcError(GRPC.CANCELLED, why);
    case ERROR.ENHANCE_YOUR_CALM:
      return nodeGrpcError(GRPC.RESOURCE_EXHAUSTED, why);
    case ERROR.INADEQUATE_SECURITY:
      return nodeGrpcError(GRPC.PERMISSION_DENIED, why);
    default:
      return nodeGrpcError(GRPC.INTERNAL, why);
  }
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
