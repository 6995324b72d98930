import type { Scope } from "../../execute/scope.ts";

/** Metadata of a call, name, value, name, value, …: text values, lower-case names; `-bin` values in base64. */
export type Metadata = readonly string[];

/** Where a call goes. */
export interface Target {
  /** host:port. */
  readonly authority: string;
  readonly scheme: "http" | "https";
}

const MAX_TIMEOUT_MS = 99_999_999;

/**
 * The HTTP/2 headers of a call, as gRPC over HTTP/2 has them; the scope's deadline goes along. What belongs to the
 * client's own call (its user agent, its `grpc-…` headers) does not.
 */
export function requestHeaders(path: string, target: Target, metadata: Metadata, scope: Scope): string[] {
  const headers = [
    ":method",
    "POST",
    ":scheme",
    target.scheme,
    ":path",
    path,
    ":authority",
    target.authority,
    "te",
    "trailers",
    "content-type",
    "application/grpc",
    "user-agent",
    "graphway-orchestrator",
  ];
  if (scope.deadlineMs !== Infinity) {
    const leftMs = Math.ceil(Math.max(1, Math.min(scope.deadlineMs - performance.now(), MAX_TIMEOUT_MS)));
    headers.push("grpc-timeout", `${leftMs}m`);
  }
  for (let i = 0; i + 1 < metadata.length; i += 2) {
    const name = metadata[i] ?? "";
    if (name !== "user-agent" && !name.startsWith("grpc-")) headers.push(name, metadata[i + 1] ?? "");
  }
  return headers;
}
