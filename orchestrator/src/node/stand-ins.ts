import { CallError } from "../execute/call-error.ts";
import type { Payload } from "../execute/payload.ts";
import type { Operation } from "../execute/run.ts";
import type { GraphNode } from "../graph/graph.ts";
import type { NodeProtocol } from "../protocol/protocol.ts";

const CAN_BE_STOOD_IN: ReadonlySet<Operation> = new Set<Operation>(["route", "aggregate"]);

/** Which nodes of a graph are asked to `predict` in place of `route` or `aggregate`, as has been found out. */
export class StandIns {
  readonly #isUsed: boolean;
  readonly #known = new Set<string>();

  constructor(protocol: NodeProtocol) {
    this.#isUsed = protocol.rest.standIn !== undefined;
  }

  /** Whether `predict` could stand in for an operation. */
  isPossible(operation: Operation): boolean {
    return this.#isUsed && CAN_BE_STOOD_IN.has(operation);
  }

  isKnown(node: GraphNode, operation: Operation): boolean {
    return this.isPossible(operation) && this.#known.has(`${node.index} ${operation}`);
  }

  add(node: GraphNode, operation: Operation): void {
    this.#known.add(`${node.index} ${operation}`);
  }
}

/** Binary tensors have no place in the array of bodies that `aggregate` takes. */
export function isBinaryAggregate(operation: Operation, payloads: readonly Payload[]): boolean {
  return operation === "aggregate" && payloads.some((one) => one.transport === "rest" && one.jsonLength !== undefined);
}

/** How servers answer to a path that they do not have. */
export function isUnknownPath(error: unknown): boolean {
  return error instanceof CallError && error.fault === "node" && [404, 405, 501].includes(error.httpStatus);
}
