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

/** The headers of every answer on a known path: puid, nosniff, CORS, and CloudEvents' when the request has them. */
export function setCommonHeaders(
  request: IncomingMessage,
  response: ServerResponse,
  puid: string,
  path: string,
  methods: string | undefined,
  cors: CorsPolicy,
  identity: Identity,
): void {
  response.setHeader("Seldon-Puid", puid);
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("Access-Control-Allow-Origin", cors.allowedOrigins);
  response.setHeader("Access-Control-Allow-Headers", cors.allowedHeaders);
  if (methods !== undefined) response.setHeader("Access-Control-Allow-Methods", methods);
  if (request.headers["ce-specversion"] === undefined) return;
  response.setHeader("Ce-Id", puid);
  response.setHeader("Ce-Specversion", "0.3");
  response.setHeader("Ce-Path", path);
  response.setHeader("Ce-Type", `seldon.${identity.deployment}.${identity.namespace}.response`);
  response.setHeader("Ce-Source", `seldon.${identity.deployment}`);
}
