import type { IncomingMessage, ServerResponse } from "node:http";
import type { Identity } from "../../graph/draft.ts";

/** CORS answers; from the environment, with Seldon's defaults. */
export interface CorsPolicy {
  readonly allowedOrigins: string;
  readonly allowedHeaders: string;
}

/** Seldon's CORS_ALLOWED_ORIGINS and CORS_ALLOWED_HEADERS. */
export function corsPolicy(env: Readonly<Record<string, string | undefined>>): CorsPolicy {
  return {
    allowedOrigins: env["CORS_ALLOWED_ORIGINS"] || "*",
    allowedHeaders:
      env["CORS_ALLOWED_HEADERS"] ||
      "Accept, Accept-Encoding, Authorization, Content-Length, Content-Type, X-CSRF-Token",
  };
}

/**
 * The headers of every answer on a known path (name, value, …): puid, nosniff, CORS, and CloudEvents' when the request
 * has them.
 */
export function commonHeaders(
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
