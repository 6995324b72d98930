import type { Headers } from "#proto/route-table/request.ts";
import { HEADER_NAMESPACE, HEADER_REQUEST_ID, HEADER_SELDON } from "#proto/vocabulary/headers.ts";
import { urlPrefix } from "../../plan/urls.ts";

type Pair = readonly [name: string, value: string];

/** A request that somebody asks about. */
export interface ExampleRequest {
  readonly namespace: string;
  readonly name: string;
  /** REST: the path below the deployment's prefix, or a whole one that begins with `/seldon/`; gRPC: `package.Service/Method`. */
  readonly call: { readonly kind: "rest"; readonly path: string } | { readonly kind: "grpc"; readonly method: string };
  /** Of REST; gRPC is always POST. */
  readonly method: string;
  readonly headers: readonly Pair[];
  readonly cookies: readonly Pair[];
  readonly query: readonly Pair[];
  /** Absent: none is sent, and Envoy gives the request one. */
  readonly requestId?: string;
}

function pathOf({ namespace, name, call, query }: ExampleRequest): string {
  if (call.kind === "grpc") return `/${call.method.replace(/^\//, "")}`;
  const whole = call.path.startsWith("/seldon/")
    ? call.path
    : `${urlPrefix({ namespace, name })}${call.path.replace(/^\//, "")}`;
  const parameters = new URLSearchParams(query.map(([key, value]): [string, string] => [key, value])).toString();
  return parameters === "" ? whole : `${whole}${whole.includes("?") ? "&" : "?"}${parameters}`;
}

/** The headers by which Envoy shows the request to the filter: names in lower case, every character one byte. */
export function headersOf(request: ExampleRequest): Headers {
  const { namespace, name, call, method, cookies, requestId } = request;
  const metadata: readonly Pair[] =
    call.kind === "grpc"
      ? [
          [HEADER_SELDON, name],
          [HEADER_NAMESPACE, namespace],
        ]
      : [];
  const own: readonly Pair[] = [
    [":method", call.kind === "grpc" ? "POST" : method],
    [":path", pathOf(request)],
    [":scheme", "http"],
    [":authority", "example"],
    ["content-type", call.kind === "grpc" ? "application/grpc" : "application/json"],
    ...metadata,
    ...request.headers.map(([key, value]): Pair => [key.toLowerCase(), value]),
    ...(cookies.length === 0 ? [] : [["cookie", cookies.map((pair) => pair.join("=")).join("; ")] as const]),
    ...(requestId === undefined ? [] : [[HEADER_REQUEST_ID, requestId] as const]),
  ];
  const given = new Set(request.headers.map(([key]) => key.toLowerCase()));
  const isDefault = ([key]: Pair, index: number): boolean => index < 5 && given.has(key);
  return own
    .filter((pair, index) => !isDefault(pair, index))
    .map(([key, value]): Pair => [key, Buffer.from(value, "utf8").toString("latin1")]);
}

/** True where the headers are all there is of the request. */
export function hasNoBody({ call, method }: ExampleRequest): boolean {
  return call.kind === "rest" && ["GET", "HEAD", "DELETE", "OPTIONS"].includes(method);
}
