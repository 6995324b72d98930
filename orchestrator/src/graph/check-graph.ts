import type { DraftGraph, DraftNode } from "./draft.ts";
import { MAX_DEPTH, MAX_NODES } from "./draft.ts";
import type { CheckedGraph, Graph, GraphNode, GraphProblem, Protocol } from "./graph.ts";
import { protocolNamed } from "./graph.ts";
import { checkBranch, type NodeAbove } from "./check-branch.ts";
import { checkLogger } from "./check-logger.ts";
import { checkProtocol } from "./check-protocol.ts";
import { checkRun, saysNothing } from "./check-run.ts";
import { stagesOf, type Stages } from "./stages.ts";

/** Checks a draft and freezes it into a graph. Every problem is collected; `value` is absent when any is an error. */
export function checkGraph(draft: DraftGraph): CheckedGraph {
  const problems: GraphProblem[] = [];
  const refuse = (path: string, message: string): void => {
    problems.push({ severity: "error", path, message });
  };
  const protocol = protocolNamed(draft.protocol);
  if (protocol === undefined) {
    refuse("", `protocol ${draft.protocol} is unknown; use seldon, tensorflow or v2 (kfserving)`);
  }
  if (draft.root === undefined) {
    refuse("", "the predictor has no graph; give it one node at least");
    return { value: undefined, problems };
  }
  const nodes: GraphNode[] = [];
  const root = checkNode(draft.root, undefined, {
    nodes,
    names: [],
    problems,
    protocol: protocol ?? "seldon",
    ignoresType: saysNothing(draft.root, protocol),
  });
  if (protocol !== undefined) checkProtocol(nodes, protocol, refuse);
  if (root === undefined || protocol === undefined || problems.some((one) => one.severity === "error")) {
    return { value: undefined, problems };
  }
  nodes.sort((a, b) => a.index - b.index);
  const graph: Graph = Object.freeze({
    namespace: draft.namespace,
    deployment: draft.deployment,
    predictor: draft.predictor,
    predictorVersion: draft.predictorVersion,
    protocol,
    root,
    nodes: Object.freeze(nodes),
    byName: firstByName(nodes),
    allowBranches: draft.allowBranches,
    allowExplain: draft.allowExplain,
    logsPayloads: nodes.some((node) => node.logger !== undefined),
    settings: Object.freeze({ ...draft.settings, mergesMeta: checkMerge(draft, protocol, problems) }),
  });
  return { value: graph, problems };
}

/** A name that is used twice means the first node. */
function firstByName(nodes: readonly GraphNode[]): ReadonlyMap<string, GraphNode> {
  return new Map([...nodes].reverse().map((node) => [node.name, node]));
}

/** Only Seldon's messages have a `meta` to merge. */
function checkMerge({ settings }: DraftGraph, protocol: Protocol, problems: GraphProblem[]): boolean {
  if (!settings.mergesMeta || protocol === "seldon") return settings.mergesMeta;
  const message = `meta is not merged: protocol ${protocol} has none; it has an effect with protocol seldon only`;
  problems.push({ severity: "warning", path: "", message });
  return false;
}

interface Progress {
  readonly nodes: GraphNode[];
  /** Of the nodes seen so far, parents before children. */
  readonly names: string[];
  readonly problems: GraphProblem[];
  readonly protocol: Protocol;
  /** Nodes that have both ports are called as the client called, whatever their endpoint.type. */
  readonly ignoresType: boolean;
}

interface Above extends NodeAbove {
  readonly path: string;
  readonly depth: number;
}

function checkNode(draft: DraftNode, above: Above | undefined, progress: Progress): GraphNode | undefined {
  const path = above === undefined ? draft.name || "graph" : `${above.path}/${draft.name}`;
  const depth = above === undefined ? 1 : above.depth + 1;
  const refuse = (message: string): void => {
    progress.problems.push({ severity: "error", path, message });
  };
  if (depth > MAX_DEPTH) {
    refuse(`the graph is deeper than ${MAX_DEPTH} nodes`);
    return undefined;
  }
  if (progress.names.length >= MAX_NODES) {
    refuse(`the graph has more than ${MAX_NODES} nodes`);
    return undefined;
  }
  const unclear = unclearName(draft.name, progress.names);
  if (unclear !== undefined) progress.problems.push({ severity: "warning", path, message: unclear });
  const index = progress.names.push(draft.name) - 1;
  const stages = stagesOf(draft);
  for (const message of arityProblems(draft, stages)) refuse(message);
  for (const message of discarded(draft, stages)) progress.problems.push({ severity: "warning", path, message });
  const run = checkRun(draft, stages, progress.ignoresType, refuse);
  const warn = (message: string): void => {
    progress.problems.push({ severity: "warning", path, message });
  };
  const logger = draft.logger === undefined ? undefined : checkLogger(draft.logger, warn);
  const branch = checkBranch(draft, stages, above, progress.protocol, refuse);
  const own = { path, depth, aggregates: stages.gather === "aggregate", minReady: branch.minReady };
  const children: GraphNode[] = [];
  for (const child of draft.children) {
    const checked = checkNode(child, own, progress);
    if (checked !== undefined) children.push(checked);
  }
  if (run === undefined) return undefined;
  const node: GraphNode = Object.freeze({
    name: draft.name,
    index,
    type: draft.type,
    runs: Object.freeze(run),
    parameters: Object.freeze([...draft.parameters]),
    image: draft.image,
    logger,
    children: Object.freeze(children),
    ...branch,
    ...stages,
  });
  progress.nodes.push(node);
  return node;
}

/** Such graphs are served: Seldon's own samples have them. */
function unclearName(name: string, names: readonly string[]): string | undefined {
  if (name === "") return "a node has no name: nobody can ask about it, and metrics and routing leave its name empty";
  if (!names.includes(name)) return undefined;
  return `two nodes are called ${name}: routing, metrics and questions about it don't tell them apart`;
}

function arityProblems(draft: DraftNode, stages: Stages): string[] {
  const count = draft.children.length;
  if (draft.builtin === "RANDOM_ABTEST" && count !== 2) return [`RANDOM_ABTEST needs exactly 2 children, not ${count}`];
  if (draft.builtin === "SIMPLE_ROUTER" && count === 0) return ["SIMPLE_ROUTER needs a child"];
  if (draft.builtin === "AVERAGE_COMBINER" && count === 0) return ["AVERAGE_COMBINER needs a child"];
  if (draft.builtin === "RANDOM_ABTEST") return ratioProblems(draft);
  if (stages.gather === "aggregate" && count === 0 && draft.type !== "COMBINER") {
    return ["the method AGGREGATE needs children to aggregate"];
  }
  return [];
}

function ratioProblems(draft: DraftNode): string[] {
  const given = draft.parameters.find((one) => one.name === "ratioA");
  if (given === undefined) return [];
  const ratio = Number(given.value);
  if (given.value.trim() !== "" && ratio >= 0 && ratio <= 1) return [];
  return [`parameter ratioA must be a number from 0 to 1, not "${given.value}"`];
}

function discarded(draft: DraftNode, stages: Stages): string[] {
  if (draft.children.length < 2 || stages.gather === "aggregate" || stages.choice !== "all") return [];
  return ["all children are called, but only the first one's answer is used; put a COMBINER above them"];
}
