import type { GraphNode } from "../graph/graph.ts";
import { asCallError, type CallError } from "../execute/call-error.ts";
import { JSON_TYPE, type Payload } from "../execute/payload.ts";
import type { Run } from "../execute/run.ts";
import { Scope } from "../execute/scope.ts";

/** One branch's answer on its way to the node above. */
export interface Branch {
  readonly child: GraphNode;
  readonly payload: Payload;
}

type Walk = (child: GraphNode, scope: Scope) => Promise<Payload>;

/**
 * Walks branches side by side and returns what they have answered, in the order of the children. A failing branch
 * cancels its siblings and fails all, unless its `onError` says to leave it out or what stands in for it. Where too
 * few have answered for the node's `minReady`, or none is left, the first failure by index is thrown. A request that
 * is cancelled itself is never a branch's failure.
 */
export async function walkBranches(
  run: Run,
  node: GraphNode,
  children: readonly GraphNode[],
  scope: Scope,
  walk: Walk,
): Promise<readonly Branch[]> {
  const branches = new Scope(scope.deadlineMs, scope);
  const failures = new Failures(node, children);
  const walks = children.map(async (child, i): Promise<Branch | undefined> => {
    const startedMs = performance.now();
    try {
      return { child, payload: await walk(child, branches) };
    } catch (error) {
      const failure = asCallError(error);
      const ended = branches.error ?? (child.onError.kind === "fail" ? failure : failures.add(i, failure));
      if (ended !== undefined) {
        branches.cancel(ended);
        throw ended;
      }
      return withoutAnswer(run, child, performance.now() - startedMs);
    }
  });
  try {
    return (await Promise.all(walks)).filter((one) => one !== undefined);
  } catch (error) {
    // The rest was cancelled; who inflates or translates its input all the same still reads from the request.
    await Promise.allSettled(walks);
    throw error;
  } finally {
    branches.end();
  }
}

/** The failures that a node's branches may have, until they are too many. */
class Failures {
  readonly #errors: (CallError | undefined)[] = [];
  readonly #children: readonly GraphNode[];
  /** How many branches must have answered; how many answers or stand-ins there must be. */
  readonly #minReady: number;
  #answers: number;
  #inputs: number;

  constructor(node: GraphNode, children: readonly GraphNode[]) {
    this.#children = children;
    this.#minReady = Math.min(node.minReady, children.length);
    this.#answers = children.length;
    this.#inputs = children.length;
  }

  /** Counts one failure; what all fail with once too few branches are left. */
  add(index: number, failure: CallError): CallError | undefined {
    this.#errors[index] = failure;
    this.#answers -= 1;
    if (this.#children[index]?.onError.kind !== "default") this.#inputs -= 1;
    if (this.#answers >= this.#minReady && this.#inputs > 0) return undefined;
    return this.#errors.find((one) => one !== undefined);
  }
}

/** A branch that failed and may: nothing, or its default. Routing says -2, as for a branch that was never taken. */
function withoutAnswer(run: Run, child: GraphNode, durationMs: number): Branch | undefined {
  const { onError, name } = child;
  run.routing.set(name, -2);
  run.path?.push({ node: name, operation: onError.kind === "default" ? "default" : "skip", durationMs });
  if (onError.kind !== "default") return undefined;
  const payload = {
    transport: "rest",
    body: onError.json,
    contentType: JSON_TYPE,
    contentEncoding: "",
    isReply: true,
  } as const;
  return { child, payload };
}
