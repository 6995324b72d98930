import type { GraphNode } from "../graph/graph.ts";
import { finishMeta } from "../meta/finish-meta.ts";
import { averagePayloads } from "../node/builtin/average-combiner.ts";
import { callBuiltinModel } from "../node/builtin/simple-model.ts";
import { chooseBranch } from "./choose-branch.ts";
import { noteReply } from "./note-reply.ts";
import type { Payload } from "../execute/payload.ts";
import type { Operation, Run } from "../execute/run.ts";
import type { Scope } from "../execute/scope.ts";
import { traceVisit } from "./traced-visit.ts";
import { walkBranches, type Branch } from "./walk-branches.ts";

/**
 * Walks the graph depth first: input, choice of children, children (in parallel), gathering, output. The answer may be
 * in either transport's form. Throws CallError; a failing branch cancels its siblings unless it may be left out.
 */
export function predict(run: Run, request: Payload, scope: Scope): Promise<Payload> {
  const { meta, graph } = run;
  if (meta.kind === "untouched") return walk(run, graph.root, request, { scope, answers: true });
  // An answer whose `meta` is still to be set must be plain and whole: no node gives it as the client would have it.
  const answer = walk(run, graph.root, request, { scope, answers: false });
  return answer.then((payload) => finishMeta(run, request, payload));
}

/** Where a walk stands: its life, and whether what it returns is the graph's answer. */
interface Step {
  readonly scope: Scope;
  readonly answers: boolean;
}

function walk(run: Run, node: GraphNode, request: Payload, step: Step): Promise<Payload> {
  if (run.trace === undefined) return visit(run, node, request, step);
  return traceVisit(run.trace, node, () => visit(run, node, request, step));
}

async function visit(run: Run, node: GraphNode, request: Payload, step: Step): Promise<Payload> {
  const hasChildren = node.children.length > 0;
  const answers = step.answers && !node.transformsOutput;
  run.log?.given(node, request);
  let current = request;
  if (node.input !== "none") {
    current = await callNode(run, node, node.input, [current], { ...step, answers: answers && !hasChildren });
    run.routing.set(node.name, -1);
    run.log?.processed(node, current);
  }
  if (hasChildren) current = await walkChildren(run, node, current, { ...step, answers });
  if (node.transformsOutput) current = await callNode(run, node, "transform-output", [current], step);
  run.log?.answered(node, current);
  return current;
}

async function walkChildren(run: Run, node: GraphNode, request: Payload, step: Step): Promise<Payload> {
  const route = await chooseBranch(run, node, request, step.scope);
  run.routing.set(node.name, route);
  if (route === -2) return request;
  const routed = node.children[route];
  const chosen = routed === undefined ? node.children : [routed];
  const gathers = node.gather === "aggregate";
  const [only] = chosen;
  if (!gathers && chosen.length === 1 && only !== undefined) return walk(run, only, request, step);
  const branches = await walkBranches(run, node, chosen, step.scope, (child, scope) =>
    walk(run, child, request, { scope, answers: false }),
  );
  return gathers ? aggregate(run, node, branches, step) : (branches[0]?.payload ?? request);
}

function aggregate(run: Run, node: GraphNode, branches: readonly Branch[], step: Step): Promise<Payload> {
  const payloads = branches.map((one) => one.payload);
  const from = branches.map((one) => one.child);
  return callNode(run, node, "aggregate", payloads, step, from);
}

async function callNode(
  run: Run,
  node: GraphNode,
  operation: Operation,
  payloads: readonly Payload[],
  { scope, answers }: Step,
  from?: readonly GraphNode[],
): Promise<Payload> {
  const reply =
    node.runs.in === "builtin"
      ? await callBuiltin(run, node, operation, payloads)
      : await run.caller.call({
          node,
          operation,
          payloads,
          run,
          scope,
          answersClient: answers,
          ...(from === undefined ? {} : { from }),
        });
  noteReply(run, node, operation, reply);
  return reply;
}

async function callBuiltin(
  run: Run,
  node: GraphNode,
  operation: Operation,
  payloads: readonly Payload[],
): Promise<Payload> {
  const startedMs = performance.now();
  const [first] = payloads;
  const answers = operation === "aggregate" || first === undefined;
  const reply = await (answers ? averagePayloads(payloads) : callBuiltinModel(first));
  run.path?.push({ node: node.name, operation, durationMs: performance.now() - startedMs });
  return reply;
}
