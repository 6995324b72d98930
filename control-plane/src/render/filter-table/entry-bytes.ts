import type { TableDeployment, TablePredictor } from "#proto/route-table/model.ts";
import * as at from "#proto/vocabulary/table-layout.ts";

function sum<T>(list: readonly T[], of: (one: T) => number): number {
  let total = 0;
  for (const one of list) total += of(one);
  return total;
}

type Target = Pick<TablePredictor, "name" | "httpCluster" | "grpcCluster">;

function targetText({ name, httpCluster, grpcCluster }: Target): number {
  return name.length + httpCluster.length + grpcCluster.length;
}

function predictorBytes(predictor: TablePredictor): number {
  return at.TARGET_BYTES + targetText(predictor);
}

type Conditions = TableDeployment["rules"][number]["conditions"];

function conditionBytes(condition: Conditions[number]): number {
  if (condition.on === "transport") return at.CONDITION_BYTES + condition.transport.length;
  const name = "name" in condition ? condition.name.length : 0;
  return at.CONDITION_BYTES + name + ("text" in condition.test ? condition.test.text.length : 0);
}

/** Bytes that a deployment adds to a table at most; strings that it shares with others count as its own. */
export function bytesOf({ key, permits, stickyKeys, predictors, rules, shadows }: TableDeployment): number {
  return (
    at.DEPLOYMENT_BYTES +
    key.length +
    sum(predictors, predictorBytes) +
    sum(rules, (rule) => {
      const records = sum(rule.conditions, conditionBytes) + sum(rule.predictors, predictorBytes);
      return at.RULE_BYTES + rule.name.length + records;
    }) +
    sum(shadows, (shadow) => {
      const beside = sum(shadow.beside, (name) => at.CONDITION_BYTES + name.length);
      return at.SHADOW_BYTES + targetText(shadow) + sum(shadow.conditions, conditionBytes) + beside;
    }) +
    sum(stickyKeys, (one) => {
      const attributes = one.kind === "cookie" ? (one.issue?.attributes.length ?? 0) : 0;
      return at.STICKY_KEY_BYTES + one.name.length + attributes;
    }) +
    sum([...permits.force, ...permits.explain], (one) => {
      if (one.kind === "claim") return at.GRANT_BYTES + one.header.length + one.value.length;
      return at.GRANT_BYTES + (one.kind === "secret" ? one.sha256.length / 2 : 0);
    })
  );
}
