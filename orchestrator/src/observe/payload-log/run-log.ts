import type { Payload } from "../../execute/payload.ts";
import type { NodeHeaders, RunLog } from "../../execute/run.ts";
import type { GraphNode } from "../../graph/graph.ts";
import { makeEvent, type EventOrigin, type EventType, type LogEvent } from "./log-event.ts";

/** What an event says of the request it comes from. */
export interface LoggedClient {
  readonly puid: string;
  readonly headers: NodeHeaders;
  /** By lower-case name. */
  readonly header: (name: string) => string | undefined;
}

/**
 * Makes the events of one request. Every node with a logger has at most one request event, what it was given first,
 * and one response event: the last payload that the node itself made, or, where it only chooses (a router), what its
 * children answered.
 */
export class PayloadRunLog implements RunLog {
  readonly #origin: EventOrigin;
  readonly #add: (event: LogEvent) => void;

  constructor(origin: EventOrigin, add: (event: LogEvent) => void) {
    this.#origin = origin;
    this.#add = add;
  }

  given(node: GraphNode, payload: Payload): void {
    if (node.logger?.requests === true) this.#log("io.seldon.serving.inference.request", node, payload);
  }

  processed(node: GraphNode, payload: Payload): void {
    if (node.logger?.responses === true && answersByInput(node)) this.#respond(node, payload);
  }

  answered(node: GraphNode, payload: Payload): void {
    if (node.logger?.responses === true && !answersByInput(node)) this.#respond(node, payload);
  }

  feedback(node: GraphNode, payload: Payload): void {
    if (node.logger?.responses === true) this.#log("io.seldon.serving.feedback", node, payload);
  }

  #respond(node: GraphNode, payload: Payload): void {
    this.#log("io.seldon.serving.inference.response", node, payload);
  }

  #log(type: EventType, node: GraphNode, payload: Payload): void {
    this.#add(makeEvent(type, this.#origin, node, payload));
  }
}

/** Whether the node's first stage makes its last own payload: what comes after is its children's. */
function answersByInput(node: GraphNode): boolean {
  return node.input !== "none" && node.gather === "first" && !node.transformsOutput;
}

const SKIP_HEADER = "seldon-skip-logging";
const YES: ReadonlySet<string> = new Set(["true", "on", "1"]);

/** Whether the client asks for no log: `Seldon-Skip-Logging` is true, on or 1 in any of its values. */
export function skipsLogging(headers: NodeHeaders): boolean {
  const { pairs } = headers;
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    if (pairs[i] !== SKIP_HEADER) continue;
    if ((pairs[i + 1] ?? "").split(",").some((one) => YES.has(one.trim().toLowerCase()))) return true;
  }
  return false;
}

/** A `traceparent` (W3C Trace Context §3.2) that may be passed along; empty for anything else. */
export function validTraceparent(value: string | undefined): string {
  return value !== undefined && TRACEPARENT.test(value) ? value : "";
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
