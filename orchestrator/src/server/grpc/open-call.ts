import { GRPC, nodeGrpcError } from "../../execute/call-error.ts";
import { headerOf } from "../../http2/request-headers.ts";
import { sendHeaders } from "../../http2/send.ts";
import type { StreamEvents } from "../../http2/stream.ts";
import { ACCEPTED_ENCODINGS, isKnownEncoding } from "./inflate-message.ts";
import { findMethod, type Services } from "./method.ts";
import type { CallLimits, OpenedCall } from "./server-call.ts";
import { RefusedCall } from "./refused-call.ts";
import { encodeStatusText } from "./status-text.ts";
import { StreamCall } from "./stream-call.ts";
import { UnaryCall } from "./unary-call.ts";

const GRPC_TYPE = /^application\/grpc($|[+;])/;
const TIMEOUT = /^\d{1,8}[HMSmun]$/;

const PLAIN_TEXT = ["content-type", "text/plain; charset=utf-8"] as const;

/** Begins a call, or refuses it as gRPC over HTTP/2 says. */
export function openCall(services: Services, opened: OpenedCall, limits: CallLimits): StreamEvents {
  const { headers } = opened;
  const httpMethod = headerOf(headers, ":method");
  if (httpMethod !== "POST") {
    const text = httpMethod === "HEAD" ? "" : "this port speaks gRPC, whose calls are POST requests\n";
    return new RefusedCall(opened.stream, [":status", "405", "allow", "POST", ...PLAIN_TEXT], text);
  }
  if (!GRPC_TYPE.test(headerOf(headers, "content-type") ?? "")) {
    const text = "this port speaks gRPC, whose content-type is application/grpc\n";
    return new RefusedCall(opened.stream, [":status", "415", ...PLAIN_TEXT], text);
  }
  const timeout = headerOf(headers, "grpc-timeout");
  if (timeout !== undefined && !TIMEOUT.test(timeout)) {
    return fail(opened, nodeGrpcError(GRPC.INTERNAL, `malformed grpc-timeout: ${timeout}`));
  }
  const method = findMethod(services, headerOf(headers, ":path") ?? "");
  if (typeof method === "string") return fail(opened, nodeGrpcError(GRPC.UNIMPLEMENTED, method));
  const encoding = headerOf(headers, "grpc-encoding") ?? "";
  if (!isKnownEncoding(encoding)) {
    const why = `grpc: Decompressor is not installed for grpc-encoding ${JSON.stringify(encoding)}`;
    return fail(opened, nodeGrpcError(GRPC.UNIMPLEMENTED, why), ["grpc-accept-encoding", ACCEPTED_ENCODINGS]);
  }
  return method.kind === "unary"
    ? new UnaryCall(opened, method, limits)
    : new StreamCall(opened, (call) => method.run(call), limits);
}

function fail(
  opened: OpenedCall,
  { grpcCode, message }: { readonly grpcCode: number; readonly message: string },
  more: readonly string[] = [],
): StreamEvents {
  const status = ["grpc-status", String(grpcCode), "grpc-message", encodeStatusText(message)];
  sendHeaders(opened.stream, [":status", "200", "content-type", "application/grpc", ...more, ...status], true);
  return NOBODY;
}

const NOTHING = (): void => {};
const NOBODY: StreamEvents = { onHeaders: NOTHING, onData: NOTHING, onReset: NOTHING, onDrain: NOTHING };
