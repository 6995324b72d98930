import type { Scope } from "../../execute/scope.ts";

/** Metadata of a call: text values, lower-case names; `-bin` values in base64. */
export type Metadata = Readonly<Record<string, string | string[]>>;

const MAX_TIMEOUT_MS = 99_999_999;

/** The HTTP/2 headers of a unary call, as gRPC over HTTP/2 has them; the scope's deadline goes along. */
export function requestHeaders(
  path: string,
  target: string,
  metadata: Metadata,
  scope: Scope,
  scheme: "http" | "https" = "http",
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {
    ...metadata,
    ":method": "POST",
    ":scheme": scheme,
    ":path": path,
    ":authority": target,
    te: "trailers",
    "content-type": "application/grpc",
    "user-agent": "graphway-orchestrator",
  };
  if (scope.deadlineMs !== Infinity) {
    const leftMs = Math.ceil(Math.max(1, Math.min(scope.deadlineMs - performance.now(), MAX_TIMEOUT_MS)));
    headers["grpc-timeout"] = `${leftMs}m`;
  }
  return headers;
}
