import type { Transport } from "../graph/graph.ts";

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
}

/** One encoded protobuf message (SeldonMessage, or Feedback on its way down). */
export interface GrpcPayload {
  readonly transport: "grpc";
  readonly body: Buffer;
}

export const JSON_TYPE = "application/json";

export function jsonPayload(value: unknown): RestPayload {
  return { transport: "rest", body: Buffer.from(JSON.stringify(value)), contentType: JSON_TYPE, contentEncoding: "" };
}

export function grpcPayload(body: Uint8Array): GrpcPayload {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return { transport: "grpc", body: bytes };
}

/** Turns a payload into the other transport's form; defined by the codec of the message concerned. */
export type Converter = (payload: Payload, into: Transport) => Payload;
