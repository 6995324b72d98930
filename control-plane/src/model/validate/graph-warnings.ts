import type { Finding } from "../finding.ts";
import { walkGraph, type PlacedNode } from "../graph.ts";
import { findNearest } from "../nearest.ts";
import type { Rule } from "./rule.ts";

const NODE_TYPES = ["UNKNOWN_TYPE", "ROUTER", "COMBINER", "MODEL", "TRANSFORMER", "OUTPUT_TRANSFORMER"];
const METHODS = ["TRANSFORM_INPUT", "TRANSFORM_OUTPUT", "ROUTE", "AGGREGATE", "SEND_FEEDBACK"];
const PARAMETER_TYPES = ["INT", "FLOAT", "DOUBLE", "STRING", "BOOL"];
const ENDPOINT_TYPES = ["REST", "GRPC"];
const LOGGER_MODES = ["all", "request", "response"];
const EXPLAINER_TYPES = [
  "AnchorTabular",
  "AnchorImages",
  "AnchorText",
  "Counterfactuals",
  "Contrastive",
  "KernelShap",
  "IntegratedGradients",
  "ALE",
  "TreeShap",
];

function checkValue(at: Finding["at"], value: string | undefined, known: readonly string[]): readonly Finding[] {
  if (value === undefined || value === "" || known.includes(value)) return [];
  const nearest = findNearest(value, known);
  const hint = nearest === undefined ? `use one of ${known.join(", ")}` : `did you mean ${nearest}?`;
  return [{ code: "ValueUnknown", at, message: `${JSON.stringify(value)} is not a value that is known here`, hint }];
}

/** Values of nodes and explainers that Seldon never checks, node names used twice, and odd numbers of children. */
export const warnOfGraph: Rule = ({ predictors }) =>
  predictors.flatMap(({ graph, explainer }, index) => {
    const nodes = walkGraph(graph, index);
    const explainerType = ["spec", "predictors", index, "explainer", "type"];
    return [
      ...nodes.flatMap((placed) => [...checkValues(placed), ...checkChildren(placed)]),
      ...findDuplicateNodes(nodes),
      ...checkValue(explainerType, explainer?.type, EXPLAINER_TYPES),
    ];
  });

function checkValues({ node, path }: PlacedNode): readonly Finding[] {
  return [
    ...checkValue([...path, "type"], node.type, NODE_TYPES),
    ...(node.methods ?? []).flatMap((method, index) => checkValue([...path, "methods", index], method, METHODS)),
    ...checkValue([...path, "endpoint", "type"], node.endpoint?.type, ENDPOINT_TYPES),
    ...checkValue([...path, "logger", "mode"], node.logger?.mode, LOGGER_MODES),
    ...(node.parameters ?? []).flatMap((parameter, index) => [
      ...checkValue([...path, "parameters", index, "type"], parameter.type, PARAMETER_TYPES),
      ...checkParameter([...path, "parameters", index, "value"], parameter.type, parameter.value),
    ]),
  ];
}

const INTEGER = /^[-+]?[0-9]+$/;

function checkParameter(at: Finding["at"], type: string, value: string): readonly Finding[] {
  const number = value.trim() !== "" && !Number.isNaN(Number(value));
  const fits =
    type === "INT"
      ? INTEGER.test(value)
      : type === "FLOAT" || type === "DOUBLE"
        ? number || /^[-+]?(inf|infinity|nan)$/i.test(value)
        : type === "BOOL"
          ? /^(true|false|t|f|1|0)$/i.test(value)
          : true;
  if (fits) return [];
  const message = `${JSON.stringify(value)} is not a value of type ${type}`;
  return [{ code: "ValueUnknown", at, message, hint: "correct the value or its type" }];
}

function checkChildren({ node, path }: PlacedNode): readonly Finding[] {
  const count = node.children?.length ?? 0;
  const suspect = (message: string): readonly Finding[] => [
    { code: "GraphShapeSuspect", at: [...path, "children"], message },
  ];
  if (node.implementation === "RANDOM_ABTEST") {
    return count === 2 ? [] : suspect(`RANDOM_ABTEST chooses between 2 children, but has ${count}`);
  }
  const chooses = node.type === "ROUTER" || node.implementation === "SIMPLE_ROUTER";
  const combines = node.type === "COMBINER" || node.implementation === "AVERAGE_COMBINER";
  if (count > 0 || (!chooses && !combines)) return [];
  return suspect(
    `a ${chooses ? "router" : "combiner"} without children has nothing to ${chooses ? "choose from" : "combine"}`,
  );
}

function findDuplicateNodes(nodes: readonly PlacedNode[]): readonly Finding[] {
  const seen = new Set<string>();
  return nodes.flatMap(({ node, path }) => {
    if (!seen.has(node.name)) {
      seen.add(node.name);
      return [];
    }
    const message = `another node of this graph is named ${JSON.stringify(node.name)} too`;
    return [{ code: "NodeDuplicate", at: [...path, "name"], message } satisfies Finding];
  });
}
