import { MAX_ANSWER_HEADER_BYTES } from "../vocabulary/limits.ts";
import { type Choice, hex8 } from "./choose.ts";
import type { RouteTable, TableDeployment } from "./model.ts";
import { sorted } from "./split.ts";

/** The text of `x-graphway-route`: `<generation>.<how><number of the rule>.<first three digits of the key's hash>`. */
export function routeToken(table: RouteTable, choice: Choice): string {
  const how = { forced: "f", sticky: "s", "request-id": "i", random: "r" }[choice.by];
  return `${table.generation.toString(16)}.${how}${choice.rule?.number ?? ""}.${hex8(choice.key).slice(0, 3)}`;
}

/** The text of `x-graphway-decision`. */
export function decisionText(table: RouteTable, deployment: TableDeployment, choice: Choice): string {
  const rule = choice.rule?.rule;
  const split = sorted(rule?.predictors ?? deployment.predictors).map((one) => `${one.name}:${one.weight}`);
  const parts = {
    deployment: deployment.key,
    predictor: choice.predictor.name,
    by: choice.by,
    ...(rule === undefined ? {} : { rule: rule.name }),
    key: hex8(choice.key),
    split: split.join(","),
    shadows: choice.shadows.map((one) => one.name).join(","),
    table: table.generation.toString(16),
  };
  return Object.entries(parts)
    .map(([name, value]) => `${name}=${value}`)
    .join(";")
    .slice(0, MAX_ANSWER_HEADER_BYTES);
}
