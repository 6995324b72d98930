import { loadCodec } from "../codec/load-codec.ts";
import { isBranch, type GraphNode } from "../graph/graph.ts";
import { protocolOf } from "../protocol/protocols.ts";
import { asCallError, CallError } from "../execute/call-error.ts";
import { grpcPayload, type Payload } from "../execute/payload.ts";
import type { Run } from "../execute/run.ts";
import { Scope } from "../execute/scope.ts";
import { traceVisit } from "./traced-visit.ts";

/**
 * Hands a reward down the branch that the rewarded response took (its `meta.routing`; all branches when it names
 * none), children before their parent. The answer is the root's own; without one, REST gets its request back, as
 * Seldon's executor does, and gRPC an empty message. So do requests that are copies of live ones: their rewards reach
 * no node.
 */
export async function sendFeedback(run: Run, feedback: Payload, scope: Scope): Promise<Payload> {
  if (run.isShadow) return withoutReply(feedback);
  if (!protocolOf(run.graph).feedbackReachesNodes) {
    for (const node of run.graph.nodes) run.log?.feedback(node, feedback);
    return feedback;
  }
  const routing = hasBranches(run) ? await readRouting(feedback) : undefined;
  const reply = await walk(run, run.graph.root, feedback, routing, scope);
  return reply ?? withoutReply(feedback);
}

function withoutReply(feedback: Payload): Payload {
  return feedback.transport === "rest" ? feedback : grpcPayload(Buffer.alloc(0));
}

type Routing = Readonly<Record<string, unknown>>;

function walk(
  run: Run,
  node: GraphNode,
  feedback: Payload,
  routing: Routing | undefined,
  scope: Scope,
): Promise<Payload | undefined> {
  if (run.trace === undefined) return visit(run, node, feedback, routing, scope);
  return traceVisit(run.trace, node, () => visit(run, node, feedback, routing, scope));
}

async function visit(
  run: Run,
  node: GraphNode,
  feedback: Payload,
  routing: Routing | undefined,
  scope: Scope,
): Promise<Payload | undefined> {
  run.log?.feedback(node, feedback);
  const children = chosenChildren(run, node, routing);
  const [only] = children;
  if (children.length === 1 && only !== undefined) await walk(run, only, feedback, routing, scope);
  else if (children.length > 1) await walkAll(run, children, feedback, routing, scope);
  if (!node.takesFeedback || node.runs.in === "builtin") return undefined;
  const payloads = [feedback];
  return run.caller.call({ node, operation: "send-feedback", payloads, run, scope, answersClient: false });
}

async function walkAll(
  run: Run,
  children: readonly GraphNode[],
  feedback: Payload,
  routing: Routing | undefined,
  scope: Scope,
): Promise<void> {
  const branches = new Scope(scope.deadlineMs, scope);
  const walks = children.map(async (child) => {
    try {
      await walk(run, child, feedback, routing, branches);
    } catch (error) {
      branches.cancel(asCallError(error));
      throw error;
    }
  });
  try {
    await Promise.all(walks);
  } finally {
    branches.end();
  }
}

function chosenChildren(run: Run, node: GraphNode, routing: Routing | undefined): readonly GraphNode[] {
  const named = routing !== undefined && Object.hasOwn(routing, node.name) ? routing[node.name] : undefined;
  const route = named === undefined ? -1 : Number(named);
  if (!isBranch(node, route)) {
    // A leaf has no branch to check: wrappers write -1 there, others write what they like.
    if (node.children.length === 0) return [];
    const message = `response.meta.routing says branch ${String(named)} of ${node.name}, which has ${node.children.length} children`;
    throw new CallError("bad-request", message);
  }
  if (node.children.length > 0) run.routing.set(node.name, route);
  if (route === -2) return [];
  const only = route === -1 ? undefined : node.children[route];
  return only === undefined ? node.children : [only];
}

function hasBranches(run: Run): boolean {
  return run.graph.nodes.some((node) => node.children.length > 1 || node.choice !== "all");
}

async function readRouting(feedback: Payload): Promise<Routing | undefined> {
  if (feedback.transport === "grpc") return (await loadCodec()).decodeFeedbackRouting(feedback.body);
  let parsed: unknown;
  try {
    parsed = JSON.parse(feedback.body.toString("utf8"));
  } catch {
    throw new CallError("bad-request", "the feedback is not JSON");
  }
  let value: unknown = parsed;
  for (const name of ["response", "meta", "routing"]) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return typeof value === "object" && value !== null ? (value as Routing) : undefined;
}
