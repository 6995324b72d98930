import type { Payload } from "./payload.ts";

/** Why a request failed. Each has one HTTP status and one gRPC code. */
export const FAULTS = [
  "bad-request",
  "unknown-model",
  "too-large",
  "overloaded",
  "bad-route",
  "bad-reply",
  "unreachable",
  "too-slow",
  "cancelled",
  "not-ready",
  "internal",
  "node",
] as const;
export type Fault = (typeof FAULTS)[number];

interface FaultCodes {
  readonly httpStatus: number;
  readonly grpcCode: number;
}

/** gRPC codes by number, as google.rpc.Code lists them. */
export const GRPC = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const satisfies Readonly<Record<string, number>>;

const CODES: Readonly<Record<Exclude<Fault, "node">, FaultCodes>> = {
  "bad-request": { httpStatus: 400, grpcCode: GRPC.INVALID_ARGUMENT },
  "unknown-model": { httpStatus: 404, grpcCode: GRPC.NOT_FOUND },
  "too-large": { httpStatus: 413, grpcCode: GRPC.RESOURCE_EXHAUSTED },
  overloaded: { httpStatus: 503, grpcCode: GRPC.RESOURCE_EXHAUSTED },
  "bad-route": { httpStatus: 500, grpcCode: GRPC.INTERNAL },
  "bad-reply": { httpStatus: 500, grpcCode: GRPC.INTERNAL },
  unreachable: { httpStatus: 503, grpcCode: GRPC.UNAVAILABLE },
  "too-slow": { httpStatus: 504, grpcCode: GRPC.DEADLINE_EXCEEDED },
  cancelled: { httpStatus: 499, grpcCode: GRPC.CANCELLED },
  "not-ready": { httpStatus: 503, grpcCode: GRPC.UNAVAILABLE },
  internal: { httpStatus: 500, grpcCode: GRPC.INTERNAL },
};

/** A request's failure, with what both transports answer to it. */
export class CallError extends Error {
  readonly fault: Fault;
  readonly httpStatus: number;
  readonly grpcCode: number;
  /** The node's own answer, handed on as it is to a client of the same transport. */
  readonly reply: Payload | undefined;
  /** A gRPC node's `grpc-status-details-bin` as it came, in base64. */
  readonly statusDetails: string | undefined;

  constructor(fault: Fault, message: string, codes?: FaultCodes, reply?: Payload, statusDetails?: string) {
    super(message);
    this.name = "CallError";
    this.fault = fault;
    const own = codes ?? (fault === "node" ? CODES.internal : CODES[fault]);
    this.httpStatus = own.httpStatus;
    this.grpcCode = own.grpcCode;
    this.reply = reply;
    this.statusDetails = statusDetails;
  }
}

/** A node answered by HTTP with something else than 200; its status and body are the client's answer. */
export function nodeHttpError(node: string, status: number, reply: Payload): CallError {
  return new CallError(
    "node",
    `node ${node} answered ${status}`,
    { httpStatus: status, grpcCode: grpcOf(status) },
    reply,
  );
}

/** A node answered by gRPC with a status of its own; code, message and details are the client's answer. */
export function nodeGrpcError(code: number, message: string, details?: string): CallError {
  return new CallError("node", message, { httpStatus: httpOf(code), grpcCode: code }, undefined, details);
}

/** Faults whose message says what happened on a connection, and not to which node. */
const OF_CONNECTIONS: ReadonlySet<Fault> = new Set(["unreachable", "overloaded"]);

/** What a call of a node threw, as a CallError whose message names that node. */
export function nodeCallError(node: string, error: unknown): CallError {
  const failure = asCallError(error);
  const { fault, message, httpStatus, grpcCode, reply } = failure;
  if (!OF_CONNECTIONS.has(fault) || message.startsWith(`node ${node}`)) return failure;
  return new CallError(fault, `node ${node}: ${message}`, { httpStatus, grpcCode }, reply);
}

/** Any thrown value as a CallError. */
export function asCallError(error: unknown): CallError {
  if (error instanceof CallError) return error;
  return new CallError("internal", error instanceof Error ? error.message : String(error));
}

function grpcOf(httpStatus: number): number {
  return GRPC_OF_HTTP.get(httpStatus) ?? (httpStatus >= 500 ? GRPC.INTERNAL : GRPC.UNKNOWN);
}

function httpOf(grpcCode: number): number {
  for (const [status, code] of GRPC_OF_HTTP) if (code === grpcCode) return status;
  return 500;
}

const GRPC_OF_HTTP: ReadonlyMap<number, number> = new Map([
  [400, GRPC.INVALID_ARGUMENT],
  [401, GRPC.UNAUTHENTICATED],
  [403, GRPC.PERMISSION_DENIED],
  [404, GRPC.NOT_FOUND],
  [429, GRPC.RESOURCE_EXHAUSTED],
  [413, GRPC.RESOURCE_EXHAUSTED],
  [412, GRPC.FAILED_PRECONDITION],
  [499, GRPC.CANCELLED],
  [501, GRPC.UNIMPLEMENTED],
  [503, GRPC.UNAVAILABLE],
  [504, GRPC.DEADLINE_EXCEEDED],
]);
