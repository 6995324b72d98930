import { once } from "node:events";
import { Agent, createServer, request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { applyDecision, decide, randomFrom } from "#proto/route-table/decide.ts";
import type { RouteTable } from "#proto/route-table/model.ts";
import { firstValue, type Headers } from "#proto/route-table/request.ts";

/** A request as HTTP/1.1 can carry it. */
export interface Sendable {
  /** Pseudo headers first. */
  readonly headers: Headers;
  readonly bodyBytes: number;
}

/** Of one hop, or Envoy's own to write. */
const NOT_SENT =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect|host|content-length|x-forwarded-(?!client-cert).*|x-envoy-.*)$/;
/** Envoy has one value of these. */
const SINGLE: ReadonlySet<string> = new Set([
  "x-request-id",
  "content-type",
  "cookie",
  "grpc-timeout",
  "x-forwarded-client-cert",
]);
const MOST_BYTES = 12_000;
const MOST_BODY_BYTES = 2_000;

function pseudo(headers: Headers, name: string, isFit: RegExp): readonly (readonly [string, string])[] {
  const value = firstValue(headers, name);
  return value !== undefined && isFit.test(value) ? [[name, value]] : [];
}

/** What of these headers a client can send, with an id for what has none; undefined: nothing, for there is no path. */
export function sendable(headers: Headers, isEnd: boolean): Sendable | undefined {
  const path = pseudo(headers, ":path", /^\/[!-"$-~]*$/);
  if (path.length === 0) return undefined;
  const length = /^\d{1,4}$/.test(firstValue(headers, "content-length") ?? "")
    ? Number(firstValue(headers, "content-length"))
    : 0;
  const bodyBytes = isEnd ? 0 : Math.min(length, MOST_BODY_BYTES);
  const given = pseudo(headers, ":method", /^(GET|POST)$/);
  const method = given.length === 0 ? [[":method", isEnd ? "GET" : "POST"] as const] : given;
  const seen = new Set<string>();
  const others = headers.flatMap(([name, value]) => {
    const isKept = /^[a-z0-9-]+$/.test(name) && /^[\x20-\x7e]*$/.test(value) && !NOT_SENT.test(name);
    if (!isKept || (SINGLE.has(name) && seen.has(name))) return [];
    seen.add(name);
    return [[name, value.trim()] as const];
  });
  const id = seen.has("x-request-id") ? [] : [["x-request-id", "made-up"] as const];
  // Without it a client of Node sends a POST without a body in chunks.
  const isEmptyPost = isEnd && method.some(([, value]) => value === "POST");
  const counted = bodyBytes > 0 || isEmptyPost ? [["content-length", String(bodyBytes)] as const] : [];
  const all = [...path, ...method, ...pseudo(headers, ":authority", /^[a-z.-]+(:\d+)?$/), ...others, ...id, ...counted];
  const bytes = all.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return bytes > MOST_BYTES ? undefined : { headers: all, bodyBytes };
}

/** The headers that the filter answers for, as lines in order. */
function ours(headers: Headers): readonly string[] {
  const isOurs = ([name]: Headers[number]): boolean => name.startsWith("x-graphway-") || name === "grpc-timeout";
  return headers
    .filter(isOurs)
    .map(([name, value]) => `${name}: ${value}`)
    .sort();
}

/** What the specification says that goes on; undefined where it is a matter of chance. */
export function expectedOf(
  table: RouteTable,
  { headers, bodyBytes }: Sendable,
  isEnd: boolean,
): readonly string[] | undefined {
  const [one, other] = [1, 2].map((seed) => {
    return ours(applyDecision(headers, decide(table, headers, randomFrom(seed), isEnd && bodyBytes === 0)));
  });
  return JSON.stringify(one) === JSON.stringify(other) ? one : undefined;
}

/** A server that answers with the headers that it got. */
export interface Mirror {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startMirror(): Promise<Mirror> {
  const server = createServer((incoming, response) => {
    incoming.resume().on("end", () => response.end(JSON.stringify(incoming.rawHeaders)));
  });
  server.keepAliveTimeout = 0; // closes no connection on which a request may be on its way
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { port: (server.address() as AddressInfo).port, stop };
}

const agent = new Agent({ keepAlive: true });

/** Sends a request through Envoy to the mirror; resolves with our headers as they arrived there. */
export async function arrived(
  port: number,
  { headers, bodyBytes }: Sendable,
  isEnd: boolean,
): Promise<readonly string[]> {
  const lines = headers.filter(([name]) => !name.startsWith(":")).flat();
  const sent = request({
    host: "127.0.0.1",
    port,
    agent,
    path: firstValue(headers, ":path"),
    method: firstValue(headers, ":method"),
    headers: [
      "host",
      firstValue(headers, ":authority") ?? "test",
      ...lines,
      ...(isEnd || bodyBytes > 0 ? [] : ["transfer-encoding", "chunked"]),
    ],
  });
  sent.end("x".repeat(bodyBytes));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk as string;
  if (response.statusCode !== 200) throw new Error(`${String(response.statusCode)} ${text}`);
  const raw = JSON.parse(text) as readonly string[];
  return ours(
    raw.flatMap((name, index) => (index % 2 === 0 ? [[name.toLowerCase(), raw[index + 1] ?? ""] as const] : [])),
  );
}

/** Ends the connections of `arrived`. */
export function closeConnections(): void {
  agent.destroy();
}
