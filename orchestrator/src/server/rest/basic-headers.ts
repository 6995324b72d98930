import type { IncomingMessage, ServerResponse } from "node:http";
import type { CorsPolicy } from "../../config/cors-policy.ts";
import type { Identity } from "../../graph/draft.ts";

/**
 * The headers of every answer on a known path (name, value, …): puid, nosniff, CORS, and CloudEvents' when the request
 * has them.
 */
export function basicHeaders(
  request: IncomingMessage,
  puid: string,
  path: string,
  methods: string | undefined,
  cors: CorsPolicy,
  identity: Identity,
): string[] {
  const headers = [
    "Seldon-Puid",
    puid,
    "X-Content-Type-Options",
    "nosniff",
    "Access-Control-Allow-Origin",
    cors.allowedOrigins,
    "Access-Control-Allow-Headers",
    cors.allowedHeaders,
  ];
  if (methods !== undefined) headers.push("Access-Control-Allow-Methods", methods);
  if (request.headers["ce-specversion"] === undefined) return headers;
  const source = `seldon.${identity.deployment}`;
  const type = `seldon.${identity.deployment}.${identity.namespace}.response`;
  headers.push("Ce-Id", puid, "Ce-Specversion", "0.3", "Ce-Path", path, "Ce-Type", type, "Ce-Source", source);
  return headers;
}

/** Sets headers one by one, for answers that are put together in more than one place. */
export function setHeaders(response: ServerResponse, headers: readonly string[]): void {
  for (let i = 0; i + 1 < headers.length; i += 2) response.setHeader(headers[i] ?? "", headers[i + 1] ?? "");
}
