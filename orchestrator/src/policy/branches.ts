import { CallError } from "../execute/call-error.ts";
import { isBranch, type Graph } from "../graph/graph.ts";

const NONE: ReadonlyMap<string, number> = new Map();

/**
 * Reads `x-graphway-branch` (`eg-router=1;other=0`; -1 is all, -2 none). Obeyed only where the graph allows it; a value
 * that can't be read, or a node that isn't there, is a CallError rather than a surprise.
 */
export function forcedBranches(graph: Graph, header: string | undefined): ReadonlyMap<string, number> {
  if (header === undefined || header === "" || !graph.allowBranches) return NONE;
  const forced = new Map<string, number>();
  for (const part of header.split(";")) {
    if (part.trim() === "") continue;
    const equals = part.indexOf("=");
    const name = part.slice(0, equals).trim();
    const branch = part.slice(equals + 1).trim();
    if (equals < 1 || !/^-?\d{1,6}$/.test(branch)) {
      throw new CallError("bad-request", `"${part.trim()}" is not a branch; write node=index`);
    }
    const node = graph.byName.get(name);
    if (node === undefined || node.choice === "all" || node.children.length === 0) {
      throw new CallError("bad-request", `${name} is not a router of this graph`);
    }
    if (!isBranch(node, Number(branch))) {
      const message = `branch ${branch} was asked of ${name}, which has ${node.children.length} children`;
      throw new CallError("bad-request", message);
    }
    forced.set(name, Number(branch));
  }
  return forced;
}
