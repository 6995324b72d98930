import { stderr, stdout } from "node:process";
import { dump } from "js-yaml";
import {
  comparePlans,
  type DeploymentDifference,
  type NamedChanges,
  type PartChange,
} from "../control-plane/src/render/compare/compare-plans.ts";
import { renderGatewayTable } from "../control-plane/src/render/targets.ts";
import type { SplitEntry } from "../control-plane/src/plan/traffic-plan.ts";
import { hasErrors, type Problem } from "../control-plane/src/problem/problem.ts";
import { describeSplit } from "./describe-traffic.ts";
import { exitCodeOf } from "./exit-code.ts";
import { formatProblems } from "./problem-list.ts";
import { readPlans } from "./read-plans.ts";

function named(kind: string, { added, removed, changed }: NamedChanges): readonly string[] {
  return [
    ...added.map((name) => `${kind} ${name}: added`),
    ...removed.map((name) => `${kind} ${name}: removed`),
    ...changed.map((name) => `${kind} ${name}: changed`),
  ];
}

/** A part of a plan, in words where it is more than a few names. */
function shown(part: PartChange["part"], value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return "nothing";
  if (part === "split") return describeSplit(value as readonly SplitEntry[]);
  return dump(value, { flowLevel: 0, lineWidth: -1, noRefs: true }).trim();
}

/** What an edit does to one deployment, in words. */
export function describeDifference(difference: DeploymentDifference): string {
  const { key } = difference;
  if (difference.kind !== "changed")
    return `${key}: ${difference.kind === "same" ? "traffic stays as it is" : difference.kind}\n`;
  const { keys, predictors, rules, rulesReordered, shadows, parts } = difference;
  const lines = [
    `${keys.percent} % of keys move (of ${keys.keys} asked)`,
    ...keys.moves.map(({ from, to, percent }) => `  ${from} -> ${to}: ${percent} %`),
    ...named("predictor", predictors),
    ...named("rule", rules),
    ...(rulesReordered ? ["rules are asked in another order"] : []),
    ...named("shadow", shadows),
    ...parts.map(({ part, before, after }) => `${part}: ${shown(part, before)} -> ${shown(part, after)}`),
  ];
  return `${key}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

/** What is missing where there are errors may be missing because of them: a broken edit adds and removes nothing. */
export function isDoubtful(
  { kind }: DeploymentDifference,
  old: readonly Problem[],
  fresh: readonly Problem[],
): boolean {
  return (kind === "removed" && hasErrors(fresh)) || (kind === "added" && hasErrors(old));
}

/** `graphway plan --diff old new`. */
export async function runDiff(before: string, after: string, asJson: boolean): Promise<number> {
  const [old, fresh] = await Promise.all([readPlans([before]), readPlans([after])]);
  // Who has no place in the filter's table is split by Envoy, by chance: that is said, not measured.
  const tables = [old, fresh].map(({ value }) => renderGatewayTable(value).problems);
  const problems = [...old.problems, ...fresh.problems, ...tables.flat()];
  if (problems.length > 0) stderr.write(`${formatProblems(problems, stderr.columns)}\n\n`);
  const differences = comparePlans(old.value, fresh.value);
  const isKnown = (one: DeploymentDifference): boolean => !isDoubtful(one, old.problems, fresh.problems);
  stdout.write(
    asJson
      ? `${JSON.stringify(differences.filter(isKnown), undefined, 2)}\n`
      : differences
          .map((one) => (isKnown(one) ? describeDifference(one) : `${one.key}: not compared, because of the errors\n`))
          .join(""),
  );
  return exitCodeOf(problems);
}
