import type { Env } from "./environment.ts";

/** What browsers are told about other origins (CORS); from the environment, with Seldon's defaults. */
export interface CorsPolicy {
  readonly allowedOrigins: string;
  readonly allowedHeaders: string;
}

/** Seldon's CORS_ALLOWED_ORIGINS and CORS_ALLOWED_HEADERS. */
export function corsPolicy(env: Env): CorsPolicy {
  return {
    allowedOrigins: env["CORS_ALLOWED_ORIGINS"] || "*",
    allowedHeaders:
      env["CORS_ALLOWED_HEADERS"] ||
      "Accept, Accept-Encoding, Authorization, Content-Length, Content-Type, X-CSRF-Token",
  };
}
