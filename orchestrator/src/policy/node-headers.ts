import { HEADER_PREFIX } from "#proto/vocabulary/headers.ts";
import { JSON_LENGTH_HEADER } from "../execute/payload.ts";
import type { NodeHeaders } from "../execute/run.ts";

/** Headers of one hop (RFC 9110 §7.6.1), those each call writes anew, and those that describe the client's own body. */
const NOT_FORWARDED: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "expect",
  "host",
  "content-length",
  "content-type",
  "content-encoding",
  "accept-encoding",
  "seldon-puid",
  "grpc-timeout",
  JSON_LENGTH_HEADER,
]);

/** What nodes may see of an HTTP request's headers (name, value, name, value, … as they came). */
export function forwardedHeaders(rawHeaders: readonly string[]): NodeHeaders {
  const pairs: string[] = [];
  let acceptEncoding = "";
  let connection = "";
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? "").toLowerCase();
    const value = rawHeaders[i + 1] ?? "";
    if (name === "accept-encoding") acceptEncoding = value;
    else if (name === "connection") connection = connection === "" ? value : `${connection},${value}`;
    if (isForwarded(name)) pairs.push(name, value);
  }
  return { pairs: connection === "" ? pairs : withoutNamed(pairs, connection), acceptEncoding };
}

/** True for headers that may travel on; names in lower case. */
export function isForwarded(name: string): boolean {
  return !NOT_FORWARDED.has(name) && !name.startsWith(HEADER_PREFIX) && !name.startsWith(":");
}

/** Headers that the Connection header names belong to one hop too. */
function withoutNamed(pairs: string[], connection: string): string[] {
  const named = new Set(connection.split(",").map((one) => one.trim().toLowerCase()));
  if (named.size === 1 && (named.has("keep-alive") || named.has("close"))) return pairs;
  return pairs.filter((_, i) => !named.has(pairs[i - (i % 2)] ?? ""));
}
