/** What travels between nodes: bytes that are not ours to read, and how they are written. */
export type Payload = RestPayload | GrpcPayload;

/** An HTTP body with the headers that describe it. */
export interface RestPayload {
  readonly transport: "rest";
  readonly body: Buffer;
  /** Empty: none was sent. */
  readonly contentType: string;
  /** Empty: none. */
  readonly contentEncoding: string;
  /** V2's `Inference-Header-Content-Length` as it was sent: binary tensors follow that much of JSON. */
  readonly jsonLength?: string;
  /** Whether a node wrote it as its reply; else the client did. */
  readonly isReply?: boolean;
}

/** One encoded protobuf message: what the protocol calls request or reply, or Feedback on its way down. */
export interface GrpcPayload {
  readonly transport: "grpc";
  readonly body: Buffer;
  /** Whether a node wrote it as its reply; else the client did. */
  readonly isReply?: boolean;
}

export const JSON_TYPE = "application/json";
/** The header of `jsonLength`. */
export const JSON_LENGTH_HEADER = "inference-header-content-length";

export function jsonPayload(value: unknown): RestPayload {
  return { transport: "rest", body: Buffer.from(JSON.stringify(value)), contentType: JSON_TYPE, contentEncoding: "" };
}

export function grpcPayload(body: Uint8Array): GrpcPayload {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return { transport: "grpc", body: bytes };
}
