import type { Finding } from "../finding.ts";
import type { FieldPath } from "../model.ts";
import type { Rule } from "../route-policy.ts";
import { checkChoice, findRepeated } from "./check-fields.ts";
import { checkMatch } from "./check-match.ts";
import { readConditions } from "./conditions.ts";
import { covers, findContradiction } from "./contradictions.ts";

/** It stands in decisions, where other characters separate things. */
const RULE_NAME = /^[0-9A-Za-z]([-._0-9A-Za-z]*[0-9A-Za-z])?$/;
const EVERYTHING_PERCENT = 100;

/** A rule's name, or what stands for it. */
export function ruleName({ name }: Rule, index: number): string {
  return name ?? `rule-${index + 1}`;
}

export function checkRules(rules: readonly Rule[], at: FieldPath): readonly Finding[] {
  return [
    ...rules.flatMap((rule, index) => checkRule(rule, [...at, index])),
    ...findRepeated(rules, ruleName).map((index): Finding => {
      const message = `two rules have the name ${rules[index] === undefined ? "" : ruleName(rules[index], index)}`;
      return { code: "PolicyDuplicate", at: [...at, index, "name"], message, hint: "give each rule a name of its own" };
    }),
    ...rules.flatMap((rule, index) => checkReach(rule, index, rules, [...at, index])),
  ];
}

function checkRule(rule: Rule, at: FieldPath): readonly Finding[] {
  const { name, match, split } = rule;
  const findings: Finding[] = [...checkChoice(at, rule, ["predictor", "split"])];
  if (name !== undefined && !RULE_NAME.test(name)) {
    const message = `${JSON.stringify(name)} is not a name that a rule can have`;
    const hint = "use letters, digits, -, _ and ., beginning and ending with a letter or digit";
    findings.push({ code: "PolicyNameInvalid", at: [...at, "name"], message, hint });
  }
  if (match !== undefined) findings.push(...checkMatch(match, [...at, "match"]));
  if (split === undefined) return findings;
  if (!split.some(({ weight }) => weight > 0)) {
    const message = "no predictor of the split has a weight above 0";
    findings.push({ code: "PolicyWeightsZero", at: [...at, "split"], message });
  }
  for (const index of findRepeated(split, ({ predictor }) => predictor)) {
    const message = `the split has ${split[index]?.predictor ?? ""} twice`;
    findings.push({ code: "PolicyDuplicate", at: [...at, "split", index, "predictor"], message });
  }
  return findings;
}

/** Why no request ever comes to a rule. */
function checkReach(rule: Rule, index: number, rules: readonly Rule[], at: FieldPath): readonly Finding[] {
  const code = "PolicyRuleUnreachable";
  if (rule.percent === 0) {
    return [{ code, at: [...at, "percent"], message: `rule ${ruleName(rule, index)} takes 0 % of its requests` }];
  }
  const conditions = readConditions(rule.match);
  const contradiction = findContradiction(conditions);
  if (contradiction !== undefined) {
    const message = `no request can meet rule ${ruleName(rule, index)}: ${contradiction}`;
    return [{ code, at: [...at, "match"], message }];
  }
  const before = rules.slice(0, index).findIndex(({ percent = EVERYTHING_PERCENT, match }) => {
    return percent === EVERYTHING_PERCENT && covers(readConditions(match), conditions);
  });
  const taker = rules[before];
  if (taker === undefined) return [];
  const message = `rule ${ruleName(rule, index)} gets no request: rule ${ruleName(taker, before)} before it takes them all`;
  return [{ code, at, message, hint: "put it first, or remove it" }];
}
