import type { DraftNode } from "./draft.ts";
import type { GraphNode, NodeMethod } from "./graph.ts";

/** The stages of a node, and whether any of them calls it over the network. */
export interface Stages extends Pick<GraphNode, "input" | "choice" | "gather" | "transformsOutput" | "takesFeedback"> {
  readonly isCalled: boolean;
}

/**
 * What a node does at each stage, from type, methods (additive to the type) and implementation, as the executor of
 * Seldon 1.17.1 orders them: TRANSFORM_INPUT wins over MODEL's predict, ROUTE over an A/B test. A node without any of
 * the three is a MODEL, as Seldon's operator defaults it.
 */
export function stagesOf(draft: DraftNode): Stages {
  const { builtin } = draft;
  const has = (method: NodeMethod): boolean => builtin === undefined && draft.methods.includes(method);
  const type = builtin === undefined ? typeOf(draft) : undefined;
  const hasChildren = draft.children.length > 0;
  const isModel = type === "MODEL" || builtin === "SIMPLE_MODEL";
  const stages = {
    input: type === "TRANSFORMER" || has("TRANSFORM_INPUT") ? "transform-input" : isModel ? "predict" : "none",
    choice: choiceOf(builtin, type === "ROUTER" || has("ROUTE")),
    gather: type === "COMBINER" || has("AGGREGATE") || builtin === "AVERAGE_COMBINER" ? "aggregate" : "first",
    transformsOutput: type === "OUTPUT_TRANSFORMER" || has("TRANSFORM_OUTPUT"),
    takesFeedback: type === "MODEL" || type === "ROUTER" || has("SEND_FEEDBACK"),
  } as const;
  const callsBelow = hasChildren && (stages.choice === "route" || stages.gather === "aggregate");
  const isCalled =
    builtin === undefined && (stages.input !== "none" || stages.transformsOutput || stages.takesFeedback || callsBelow);
  return { ...stages, isCalled };
}

function typeOf(draft: DraftNode): DraftNode["type"] {
  return draft.type ?? (draft.methods.length === 0 ? "MODEL" : undefined);
}

function choiceOf(builtin: DraftNode["builtin"], routes: boolean): GraphNode["choice"] {
  if (builtin === "RANDOM_ABTEST") return "abtest";
  if (builtin === "SIMPLE_ROUTER") return "simple-router";
  return routes ? "route" : "all";
}
