import { readBranchSettings, type ParameterPlace } from "../../../../proto/graph/reserved-parameters.ts";
import type { MessageProtocol } from "../../../../proto/graph/default-message.ts";
import type { Finding } from "../finding.ts";
import type { FieldPath } from "../model.ts";
import type { PredictiveUnit } from "../seldon-deployment.ts";
import type { Rule } from "./rule.ts";

/** The parameters `onError`, `default` and `minReady`, which the orchestrator reads and models never see. */
export const checkBranchParameters: Rule = ({ predictors, protocol }) =>
  predictors.flatMap(({ graph }, index) =>
    checkNode(graph, ["spec", "predictors", index, "graph"], undefined, protocolOf(protocol)),
  );

function checkNode(
  node: PredictiveUnit,
  path: FieldPath,
  parent: ParameterPlace["parent"],
  protocol: MessageProtocol,
): readonly Finding[] {
  const { parameters = [], children = [] } = node;
  const aggregates = doesAggregate(node);
  const place = { protocol, parameters, aggregates, childCount: children.length, parent };
  const { value, faults } = readBranchSettings(place);
  const own = { aggregates, minReady: value.minReady };
  return [
    ...faults.map(({ index, message }): Finding => {
      return { code: "BranchParameterInvalid", at: [...path, "parameters", index, "value"], message };
    }),
    ...children.flatMap((child, index) => checkNode(child, [...path, "children", index], own, protocol)),
  ];
}

function doesAggregate({ type, implementation, methods }: PredictiveUnit): boolean {
  return type === "COMBINER" || implementation === "AVERAGE_COMBINER" || methods?.includes("AGGREGATE") === true;
}

function protocolOf(protocol: string | undefined): MessageProtocol {
  if (protocol === "tensorflow") return protocol;
  return protocol === "v2" || protocol === "kfserving" ? "v2" : "seldon";
}
