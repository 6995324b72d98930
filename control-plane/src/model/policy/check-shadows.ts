import type { Finding } from "../finding.ts";
import type { FieldPath } from "../model.ts";
import type { Shadow } from "../route-policy.ts";
import { findRepeated } from "./check-fields.ts";
import { checkMatch } from "./check-match.ts";
import { readConditions } from "./conditions.ts";
import { findContradiction } from "./contradictions.ts";

export function checkShadows(shadows: readonly Shadow[], at: FieldPath): readonly Finding[] {
  return [
    ...shadows.flatMap((shadow, index) => checkShadow(shadow, [...at, index])),
    ...findRepeated(shadows, ({ predictor }) => predictor).map((index): Finding => {
      const message = `${shadows[index]?.predictor ?? ""} has two entries`;
      return { code: "PolicyDuplicate", at: [...at, index, "predictor"], message, hint: "merge them into one" };
    }),
  ];
}

function checkShadow({ predictor, match, beside = [] }: Shadow, at: FieldPath): readonly Finding[] {
  const findings: Finding[] = match === undefined ? [] : [...checkMatch(match, [...at, "match"])];
  const own = beside.indexOf(predictor);
  if (own >= 0) {
    const message = `${predictor} can't get copies of what it answers itself`;
    findings.push({ code: "PolicyShadowOfItself", at: [...at, "beside", own], message });
  }
  const contradiction = findContradiction(readConditions(match));
  if (contradiction !== undefined) {
    const message = `no request can meet the match of shadow ${predictor}: ${contradiction}`;
    findings.push({ code: "PolicyShadowIdle", at: [...at, "match"], message });
  }
  for (const index of findRepeated(beside, (one) => one)) {
    const message = `beside has ${beside[index] ?? ""} twice`;
    findings.push({ code: "PolicyDuplicate", severity: "warning", at: [...at, "beside", index], message });
  }
  return findings;
}
