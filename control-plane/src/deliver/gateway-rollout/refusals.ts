import type { XdsEvent } from "../xds-server/events.ts";
import { problem, type Problem } from "../../problem/problem.ts";
import { TYPE } from "../../render/xds/type-urls.ts";

/** What the clients of the xDS server refuse. */
export interface Refusals {
  /** To be given every event of the server. */
  onEvent(event: XdsEvent): void;
  /** What is refused right now: the clients go on with the version before. */
  problems(): readonly Problem[];
}

/** `onChange` is called when the problems have changed. */
export function createRefusals(onChange: () => void): Refusals {
  /** By stream and type. */
  const refused = new Map<number, Map<string, Problem>>();
  return {
    onEvent(event) {
      const byType = refused.get(event.peer.stream) ?? new Map<string, Problem>();
      switch (event.kind) {
        case "nack":
          refused.set(event.peer.stream, byType.set(event.typeUrl, refusalOf(event)));
          onChange();
          return;
        case "ack":
          if (byType.delete(event.typeUrl)) onChange();
          return;
        case "disconnect":
          if (refused.delete(event.peer.stream)) onChange();
          return;
        case "connect":
        case "subscribe":
          return;
      }
    },
    problems: () => [...refused.values()].flatMap((byType) => [...byType.values()]),
  };
}

function refusalOf(event: Extract<XdsEvent, { kind: "nack" }>): Problem {
  const what = KIND_IN_WORDS.get(event.typeUrl) ?? event.typeUrl.slice(event.typeUrl.lastIndexOf(".") + 1);
  const names = event.resources.map((one) => one.name).join(", ");
  return problem("ConfigRefused", { message: `${event.peer.node.id} refused ${what} ${names}: ${event.message}` });
}

const KIND_IN_WORDS: ReadonlyMap<string, string> = new Map([
  [TYPE.cluster, "the cluster"],
  [TYPE.endpoints, "the endpoints of"],
  [TYPE.listener, "the listener"],
  [TYPE.routeConfiguration, "the routes"],
  [TYPE.filterConfig, "the filter with its route table,"],
]);
