import type { GraphNode } from "../graph/graph.ts";
import { callBuiltinModel } from "../node/builtin/simple-model.ts";
import { averagePayloads } from "../node/builtin/average-combiner.ts";
import { asCallError } from "./call-error.ts";
import { chooseBranch } from "./choose-branch.ts";
import type { Payload } from "./payload.ts";
import type { Operation, Run } from "./run.ts";
import { Scope } from "./scope.ts";

/**
 * Walks the graph depth first: input, choice of children, children (in parallel), gathering, output. The answer may be
 * in either transport's form. Throws CallError; a failing branch cancels its siblings.
 */
export function predict(run: Run, request: Payload, scope: Scope): Promise<Payload> {
  return walk(run, run.graph.root, request, scope, true);
}

async function walk(run: Run, node: GraphNode, request: Payload, scope: Scope, answers: boolean): Promise<Payload> {
  const hasChildren = node.children.length > 0;
  let current = request;
  if (node.input !== "none") {
    const answersHere = answers && !hasChildren && !node.transformsOutput;
    current = await callNode(run, node, node.input, [current], scope, answersHere);
    run.routing.set(node.name, -1);
  }
  if (hasChildren) current = await walkChildren(run, node, current, scope, answers && !node.transformsOutput);
  if (node.transformsOutput) current = await callNode(run, node, "transform-output", [current], scope, answers);
  return current;
}

async function walkChildren(
  run: Run,
  node: GraphNode,
  request: Payload,
  scope: Scope,
  answers: boolean,
): Promise<Payload> {
  const route = await chooseBranch(run, node, request, scope);
  run.routing.set(node.name, route);
  if (route === -2) return request;
  const gathers = node.gather === "aggregate";
  const only = route === -1 ? (node.children.length === 1 ? node.children[0] : undefined) : node.children[route];
  if (only !== undefined) {
    const result = await walk(run, only, request, scope, answers && !gathers);
    return gathers ? aggregate(run, node, [result], scope, answers) : result;
  }
  const results = await walkAll(run, node, request, scope);
  if (gathers) return aggregate(run, node, results, scope, answers);
  return results[0] ?? request;
}

async function walkAll(run: Run, node: GraphNode, request: Payload, scope: Scope): Promise<Payload[]> {
  const branches = new Scope(scope.deadlineMs, scope);
  const walks = node.children.map(async (child) => {
    try {
      return await walk(run, child, request, branches, false);
    } catch (error) {
      branches.cancel(asCallError(error));
      throw error;
    }
  });
  try {
    return await Promise.all(walks);
  } finally {
    branches.end();
  }
}

function aggregate(
  run: Run,
  node: GraphNode,
  results: readonly Payload[],
  scope: Scope,
  answers: boolean,
): Promise<Payload> {
  if (node.runs.in === "builtin") return averagePayloads(results);
  return callNode(run, node, "aggregate", results, scope, answers);
}

function callNode(
  run: Run,
  node: GraphNode,
  operation: Operation,
  payloads: readonly Payload[],
  scope: Scope,
  answersClient: boolean,
): Promise<Payload> {
  const [first] = payloads;
  if (node.runs.in === "builtin" && first !== undefined) return callBuiltinModel(first);
  return run.caller.call({ node, operation, payloads, run, scope, answersClient });
}
