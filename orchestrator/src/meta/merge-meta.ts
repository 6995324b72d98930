import type { JsonObject } from "#proto/json/json.ts";
import type { Meta } from "../execute/answer-meta.ts";
import type { Operation } from "../execute/operation.ts";
import type { GraphNode } from "../graph/graph.ts";
import { metricsBeyond } from "./meta.ts";

/** What a request left behind: what its nodes said, and the branch that each of them took. */
export interface Walked {
  /** What a node's reply said; undefined where it was not asked. */
  readonly reply: (node: GraphNode, operation: Operation) => Meta | undefined;
  readonly routing: ReadonlyMap<string, number>;
  readonly request: Meta;
}

/** Tags, path and metrics of a whole request. */
export type MergedMeta = Omit<Meta, "puid">;

/**
 * Merges what nodes said, as Seldon's Java engine did: tags of children in order, a later one wins, then the tags of
 * what was made of them; every node that was called with its image; every metric once. Wrappers hand on the metrics of
 * the message that they were given, others don't, so a reply's own metrics are those that it has beyond that message.
 */
export function mergeMeta(root: GraphNode, walked: Walked): MergedMeta {
  const { tags, requestPath, metrics } = walked.request;
  return walk(root, walked, { said: { tags, requestPath, metrics }, carried: metrics }).said;
}

/** Where a message stands: what has been said on its way, and the metrics in the message itself. */
interface Progress {
  readonly said: MergedMeta;
  readonly carried: readonly JsonObject[];
}

function walk(node: GraphNode, walked: Walked, from: Progress): Progress {
  const { reply } = walked;
  const input = node.input === "none" ? from : passed(node, from, reply(node, node.input));
  const below = node.children.length === 0 ? input : walkChildren(node, walked, input);
  return node.transformsOutput ? passed(node, below, reply(node, "transform-output")) : below;
}

function walkChildren(node: GraphNode, walked: Walked, from: Progress): Progress {
  const routed = heard(node, from, walked.reply(node, "route"));
  const start = { ...routed, said: { ...routed.said, metrics: [] } };
  const ends = takenChildren(node, walked.routing).map((child) => walk(child, walked, start));
  const [first] = ends;
  if (first === undefined) return routed;
  const { tags, requestPath } = mergeAll(ends);
  const metrics = [...routed.said.metrics, ...ends.flatMap((one) => one.said.metrics)];
  if (node.gather === "aggregate") {
    const gathered = { said: { tags, requestPath, metrics }, carried: ends.flatMap((one) => one.carried) };
    return passed(node, gathered, walked.reply(node, "aggregate"));
  }
  return { said: { tags: { ...tags, ...first.said.tags }, requestPath, metrics }, carried: first.carried };
}

/** A branch that failed and was left out says nothing. */
function takenChildren(node: GraphNode, routing: ReadonlyMap<string, number>): readonly GraphNode[] {
  const route = routing.get(node.name) ?? -2;
  if (route === -2) return [];
  const only = node.children[route];
  if (only !== undefined) return [only];
  return node.children.filter((child) => child.onError.kind === "fail" || routing.get(child.name) !== -2);
}

function mergeAll(ends: readonly Progress[]): Pick<MergedMeta, "tags" | "requestPath"> {
  let merged: Pick<MergedMeta, "tags" | "requestPath"> = { tags: {}, requestPath: {} };
  for (const { said } of ends) {
    merged = {
      tags: { ...merged.tags, ...said.tags },
      requestPath: { ...merged.requestPath, ...said.requestPath },
    };
  }
  return merged;
}

/** The message went through a node and came back as its reply. */
function passed(node: GraphNode, from: Progress, reply: Meta | undefined): Progress {
  return reply === undefined ? from : { ...heard(node, from, reply), carried: reply.metrics };
}

/** A node was asked about the message, which went on as it was. */
function heard(node: GraphNode, { said, carried }: Progress, reply: Meta | undefined): Progress {
  if (reply === undefined) return { said, carried };
  const tags = { ...said.tags, ...reply.tags };
  const metrics = [...said.metrics, ...metricsBeyond(reply.metrics, carried)];
  return { said: { tags, requestPath: pathWith(node, said, reply), metrics }, carried };
}

/** A node names its own image where it knows better than the graph. */
function pathWith(node: GraphNode, said: MergedMeta, reply: Meta): JsonObject {
  return { ...said.requestPath, [node.name]: node.image, ...reply.requestPath };
}
