import { HEADER_BRANCH, HEADER_DECISION, HEADER_SHADOW } from "#proto/vocabulary/headers.ts";
import { asCallError } from "../execute/call-error.ts";
import type { AnswerMeta } from "../execute/answer-meta.ts";
import type { NodeHeaders, Run } from "../execute/run.ts";
import type { TakeStream } from "../execute/streamed-reply.ts";
import type { ServedGraph } from "../walk/served-graph.ts";
import type { Graph, Transport } from "../graph/graph.ts";
import { KeptMetas } from "../meta/kept-metas.ts";
import { grpcCodeName } from "../observe/grpc-codes.ts";
import type { RequestTrace } from "../execute/request-trace.ts";
import { forcedBranches } from "../policy/branches.ts";
import type { ServerContext } from "./server-context.ts";

/** What one request says beside its payload, the same over both transports. */
export interface ClientRequest {
  readonly transport: Transport;
  /** predictions or feedback, or the full gRPC method; the name of the request's span. */
  readonly service: string;
  /** Path of the URL without its query, or the full gRPC method. */
  readonly path: string;
  /** performance.now() when it came. */
  readonly startedMs: number;
  readonly puid: string;
  /** The model that the URL or the message names; absent or empty when none is. */
  readonly modelName?: string;
  readonly modelVersion?: string;
  /** What nodes may see of its headers. */
  readonly headers: NodeHeaders;
  /** Any header or metadata entry, ours included, by its lower-case name; the first value where there are several. */
  readonly header: (name: string) => string | undefined;
  /** Takes the graph's answer as it arrives; absent where the client can't. */
  readonly takeStream?: TakeStream;
}

/** A request's way through the graph, about to begin. Throws CallError where it asks for what can't be done. End with `endRun`. */
export function beginRun(context: ServerContext, served: ServedGraph, client: ClientRequest): Run {
  const { graph } = served;
  const isShadow = client.header(HEADER_SHADOW) !== undefined;
  const routing = new Map<string, number>();
  const trace = context.observer.tracer?.begin({
    ...client,
    graph,
    method: "POST",
    isShadow,
    pairs: client.headers.pairs,
    routing,
  });
  const forced = readForced(graph, client, trace);
  context.observer.requests.began(client.transport);
  const explains = graph.allowExplain && client.header(HEADER_DECISION) !== undefined;
  const meta = answerMeta(context, graph);
  const log = graph.logsPayloads ? context.logRun(graph, client) : undefined;
  return {
    graph,
    caller: served.caller,
    calledBy: client.transport,
    puid: client.puid,
    modelName: client.modelName ?? "",
    modelVersion: client.modelVersion ?? "",
    headers: client.headers,
    forced,
    routing,
    path: explains ? [] : undefined,
    random: context.random,
    isShadow,
    meta,
    log,
    // Whoever logs the answer or writes into it needs all of it.
    takeStream: log === undefined && meta.kind === "untouched" ? client.takeStream : undefined,
    trace,
  };
}

/** A request that fails here never becomes a run: its span ends at once. */
function readForced(graph: Graph, client: ClientRequest, trace: RequestTrace | undefined): ReadonlyMap<string, number> {
  try {
    return forcedBranches(graph, client.header(HEADER_BRANCH));
  } catch (error) {
    const failure = asCallError(error);
    const code = client.transport === "rest" ? String(failure.httpStatus) : grpcCodeName(failure.grpcCode);
    trace?.end({ code, failure });
    throw failure;
  }
}

const UNTOUCHED: AnswerMeta = { kind: "untouched" };
const WITH_ROUTING: AnswerMeta = { kind: "with-routing" };

function answerMeta(context: ServerContext, graph: Graph): AnswerMeta {
  if (graph.settings.mergesMeta) return { kind: "merged", replies: new KeptMetas() };
  return context.injectsRouting && graph.protocol === "seldon" ? WITH_ROUTING : UNTOUCHED;
}
