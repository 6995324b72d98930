import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { seldon } from "#proto/gen/seldon.js";
import type { Json } from "#proto/json/json.ts";
import { messageToJson } from "#proto/json/seldon-message.ts";
import { startApp, type App } from "../src/app.ts";
import { parseFlags } from "../src/config/flags.ts";
import { createLog } from "../src/observe/log.ts";
import { startStub, type StubCall, type StubNode, type StubReply } from "./stub-node.ts";

/** A graph node of a test: Seldon's own fields; endpoints are filled in. */
export interface TestNode {
  readonly name: string;
  readonly type?: string;
  readonly implementation?: string;
  readonly methods?: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly value: string; readonly type: string }[];
  readonly endpoint?: Readonly<Record<string, unknown>>;
  readonly logger?: { readonly mode?: string; readonly url?: string };
  readonly children?: readonly TestNode[];
}

export type Replies = Readonly<Record<string, StubReply | readonly StubReply[]>>;

export interface TestBed {
  readonly app: App;
  readonly url: string;
  readonly calls: StubCall[];
  readonly stubs: ReadonlyMap<string, StubNode>;
  stop(): Promise<void>;
}

export interface BedOptions {
  readonly flags?: readonly string[];
  readonly annotations?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly random?: () => number;
  /** Other fields of the predictor: labels, annotations, componentSpecs. */
  readonly predictor?: Readonly<Record<string, unknown>>;
}

const quiet = createLog("fatal", {}, () => {});

/** An orchestrator in this process before stub nodes that answer `replies` (`node/operation`, in turn). */
export async function startBed(graph: TestNode, replies: Replies, options: BedOptions = {}): Promise<TestBed> {
  const calls: StubCall[] = [];
  const stubs = new Map<string, StubNode>();
  const started: StubNode[] = [];
  const turns = new Map<string, number>();
  const answer = (node: string) => (operation: string) => {
    const key = `${node}/${operation}`;
    const scripted = replies[key];
    if (scripted === undefined) return { status: 404, body: { error: `no reply for ${key}` } };
    if (!Array.isArray(scripted)) return scripted as StubReply;
    const turn = turns.get(key) ?? 0;
    turns.set(key, turn + 1);
    return (scripted as readonly StubReply[])[turn] ?? { status: 404 };
  };
  const placed = await place(graph, async (name) => {
    const stub = await startStub(name, answer(name), (call) => calls.push(call));
    stubs.set(name, stub);
    started.push(stub);
    return stub;
  });
  const app = await startTestApp(placed, options);
  return {
    app,
    url: `http://127.0.0.1:${app.httpPort}`,
    calls,
    stubs,
    stop: async () => {
      await app.stop();
      await Promise.all(started.map((stub) => stub.stop()));
    },
  };
}

/** An orchestrator for a graph whose endpoints are filled in already. */
export function startTestApp(graph: unknown, options: BedOptions = {}): Promise<App> {
  const predictor = Buffer.from(JSON.stringify({ name: "main", ...options.predictor, graph })).toString("base64");
  const own = "--sdep iris --namespace default --predictor main --http_port 0 --grpc_port 0 --graceful_timeout 1s";
  const parsed = parseFlags([...own.split(" "), ...(options.flags ?? [])], {});
  if (parsed.kind !== "options") throw new Error(JSON.stringify(parsed));
  const env = { ENGINE_PREDICTOR: predictor, ...options.env };
  return startApp(parsed.options, env, options.annotations ?? "", quiet, options.random);
}

/** What runs in the orchestrator itself, and has no stub. */
const BUILTINS: ReadonlySet<string> = new Set(["SIMPLE_MODEL", "SIMPLE_ROUTER", "RANDOM_ABTEST", "AVERAGE_COMBINER"]);

async function place(node: TestNode, start: (name: string) => Promise<StubNode>): Promise<unknown> {
  const children: unknown[] = [];
  for (const child of node.children ?? []) children.push(await place(child, start));
  if (BUILTINS.has(node.implementation ?? "")) return { ...node, children };
  const { httpPort, grpcPort } = await start(node.name);
  const endpoint = { service_host: "127.0.0.1", service_port: httpPort, httpPort, grpcPort, ...node.endpoint };
  return { ...node, children, endpoint };
}

/** The answer of a gRPC call: message in JSON form, or status; and the metadata of either. */
export interface GrpcAnswer {
  readonly code: number;
  readonly details: string;
  readonly body: Json;
  readonly raw: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Calls a method of seldon.protos.Seldon with a client that is not ours. */
export async function callGrpc(
  port: number,
  path: string,
  message: Buffer,
  headers: Readonly<Record<string, string>> = {},
  deadline?: Date,
): Promise<GrpcAnswer> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  try {
    return await new Promise((resolve) => {
      let initial: Record<string, string> = {};
      const same = (bytes: Buffer): Buffer => bytes;
      const done = (error: ServiceError | null, reply?: Buffer): void => {
        const raw = reply ?? Buffer.alloc(0);
        const isMessage = /^\/seldon\.protos\.\w+\/(Predict|SendFeedback)$/.test(path);
        const body = error === null && isMessage ? messageToJson(seldon.protos.SeldonMessage.decode(raw)) : null;
        const trailing = error === null ? {} : textOf(error.metadata);
        const all = { ...initial, ...trailing };
        resolve({ code: error?.code ?? 0, details: error?.details ?? "", body, raw, metadata: all });
      };
      const call = client.makeUnaryRequest(
        path,
        same,
        same,
        message,
        metadata,
        deadline === undefined ? {} : { deadline },
        done,
      );
      call.on("metadata", (received) => {
        initial = textOf(received);
      });
    });
  } finally {
    client.close();
  }
}

function textOf(metadata: Metadata): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata.getMap()).map(([name, value]) => [name, String(value)]));
}
