import { HEADER_NAMESPACE, HEADER_SELDON } from "../vocabulary/headers.ts";
import { MAX_STICKY_KEY_BYTES } from "../vocabulary/limits.ts";
import { MAX_TABLE_STRING_BYTES } from "../vocabulary/table-layout.ts";

/** Request headers in the order of the wire: lower-case names; every character of a value is one byte. */
export type Headers = readonly (readonly [name: string, value: string])[];

/** The call that a request makes, where its deployment is named the way Seldon does. */
export interface Call {
  readonly deployment: string;
  readonly transport: "http" | "grpc";
  readonly kind: "predict" | "feedback";
  /** The path after the deployment's prefix, of gRPC after the first slash; without query and fragment. */
  readonly path: string;
}

const PATH_PREFIX = "/seldon/";
const FEEDBACK_PATHS = new Set(["api/v0.1/feedback", "api/v1.0/feedback"]);

/** The first value of a header; undefined without one. */
export function firstValue(headers: Headers, name: string): string | undefined {
  return headers.find(([one]) => one === name)?.[1];
}

/** The value of a header that stands once. */
export function onlyValue(headers: Headers, name: string): string | undefined {
  const values = headers.filter(([one]) => one === name);
  return values.length === 1 ? values[0]?.[1] : undefined;
}

/** A path without query and fragment. */
function plainPath(path: string): string {
  const end = path.search(/[?#]/);
  return end === -1 ? path : path.slice(0, end);
}

function callByPath(plain: string): Call | undefined {
  const afterNamespace = plain.indexOf("/", PATH_PREFIX.length);
  const afterName = afterNamespace === -1 ? -1 : plain.indexOf("/", afterNamespace + 1);
  if (afterName === -1) return undefined;
  const deployment = plain.slice(PATH_PREFIX.length, afterName);
  if (deployment.length > MAX_TABLE_STRING_BYTES) return undefined;
  const path = plain.slice(afterName + 1);
  return { deployment, transport: "http", kind: FEEDBACK_PATHS.has(path) ? "feedback" : "predict", path };
}

/** A routing header that is repeated names nothing. */
function callByMetadata(headers: Headers, plain: string): Call | undefined {
  const name = onlyValue(headers, HEADER_SELDON);
  const namespace = onlyValue(headers, HEADER_NAMESPACE);
  if (name === undefined || namespace === undefined) return undefined;
  const deployment = `${namespace}/${name}`;
  if (deployment.length > MAX_TABLE_STRING_BYTES) return undefined;
  const kind = plain.endsWith("/SendFeedback") ? "feedback" : "predict";
  return { deployment, transport: "grpc", kind, path: plain.slice(plain.indexOf("/") + 1) };
}

/** Which deployment a request asks for: a path below `/seldon/` says it, else gRPC metadata. Undefined: none. */
export function callOf(headers: Headers): Call | undefined {
  const plain = plainPath(firstValue(headers, ":path") ?? "");
  if (plain.startsWith(PATH_PREFIX)) return callByPath(plain);
  if (!(firstValue(headers, "content-type") ?? "").startsWith("application/grpc")) return undefined;
  return callByMetadata(headers, plain);
}

function trimmed(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}

function cookieOf(headers: Headers, name: string): string | undefined {
  for (const [header, value] of headers) {
    if (header !== "cookie") continue;
    for (const pair of value.split(";")) {
      const equals = pair.indexOf("=");
      if (equals !== -1 && trimmed(pair.slice(0, equals)) === name) return trimmed(pair.slice(equals + 1));
    }
  }
  return undefined;
}

/** `+` is a space, `%41` a byte; a `%` without two hexadecimal digits stands for itself. */
function formDecoded(text: string): string {
  return text
    .replace(/\+/g, " ")
    .replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}

function queryParameterOf(path: string, name: string): string | undefined {
  const query = /^[^?#]*\?([^#]*)/.exec(path)?.[1] ?? "";
  for (const pair of query.split("&")) {
    const equals = pair.indexOf("=");
    if (equals !== -1 && formDecoded(pair.slice(0, equals)) === name)
      return formDecoded(pair.slice(equals + 1)).slice(0, MAX_STICKY_KEY_BYTES);
  }
  return undefined;
}

/** What a request says under a name, the first where it stands more than once; of a query parameter the first 1,024 bytes. */
export function namedValue(
  headers: Headers,
  { on, name }: { readonly on: "header" | "cookie" | "query"; readonly name: string },
): string | undefined {
  if (on === "header") return firstValue(headers, name);
  if (on === "cookie") return cookieOf(headers, name);
  return queryParameterOf(firstValue(headers, ":path") ?? "", name);
}
