import { HEADER_BRANCH, HEADER_DECISION, HEADER_SHADOW } from "#proto/vocabulary/headers.ts";
import type { AnswerMeta, NodeHeaders, Run } from "../execute/run.ts";
import type { ServedGraph } from "../execute/served-graph.ts";
import type { Graph, Transport } from "../graph/graph.ts";
import { ReplyMetas } from "../meta/reply-metas.ts";
import { forcedBranches } from "../policy/branches.ts";
import type { ServerContext } from "./server-context.ts";

/** What one request says beside its payload, the same over both transports. */
export interface ClientRequest {
  readonly transport: Transport;
  readonly puid: string;
  /** The model that the URL or the message names; absent or empty when none is. */
  readonly modelName?: string;
  readonly modelVersion?: string;
  /** What nodes may see of its headers. */
  readonly headers: NodeHeaders;
  /** Any header or metadata entry, ours included, by its lower-case name; the first value where there are several. */
  readonly header: (name: string) => string | undefined;
}

/** A request's way through the graph, about to begin. Throws CallError where it asks for what can't be done. */
export function beginRun(context: ServerContext, served: ServedGraph, client: ClientRequest): Run {
  const { graph } = served;
  const explains = graph.allowExplain && client.header(HEADER_DECISION) !== undefined;
  return {
    graph,
    caller: served.caller,
    calledBy: client.transport,
    puid: client.puid,
    modelName: client.modelName ?? "",
    modelVersion: client.modelVersion ?? "",
    headers: client.headers,
    forced: forcedBranches(graph, client.header(HEADER_BRANCH)),
    routing: new Map(),
    path: explains ? [] : undefined,
    random: context.random,
    isShadow: client.header(HEADER_SHADOW) !== undefined,
    meta: answerMeta(context, graph),
    log: graph.logsPayloads ? context.logRun(graph, client) : undefined,
  };
}

const UNTOUCHED: AnswerMeta = { kind: "untouched" };
const WITH_ROUTING: AnswerMeta = { kind: "with-routing" };

function answerMeta(context: ServerContext, graph: Graph): AnswerMeta {
  if (graph.settings.mergesMeta) return { kind: "merged", replies: new ReplyMetas() };
  return context.injectsRouting && graph.protocol === "seldon" ? WITH_ROUTING : UNTOUCHED;
}
