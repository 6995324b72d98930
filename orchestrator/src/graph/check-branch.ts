import { readBranchSettings } from "../../../proto/graph/reserved-parameters.ts";
import type { DraftNode } from "./draft.ts";
import type { GraphNode, OnError, Protocol } from "./graph.ts";
import type { Stages } from "./stages.ts";

/** What a node asks of the branches below it. */
export interface NodeAbove {
  readonly aggregates: boolean;
  readonly minReady: number;
}

/** Reads the parameters `onError`, `default` and `minReady` of a node. */
export function checkBranch(
  draft: DraftNode,
  stages: Stages,
  parent: NodeAbove | undefined,
  protocol: Protocol,
  refuse: (message: string) => void,
): Pick<GraphNode, "onError" | "minReady"> {
  const { parameters, children } = draft;
  const aggregates = stages.gather === "aggregate";
  const { value, faults } = readBranchSettings({
    protocol,
    parameters,
    aggregates,
    childCount: children.length,
    parent,
  });
  for (const { message } of faults) refuse(message);
  const onError: OnError =
    value.onError.kind === "default" ? { kind: "default", json: Buffer.from(value.onError.json) } : value.onError;
  return { onError, minReady: value.minReady };
}
