import type { Finding } from "../finding.ts";
import type { FieldPath } from "../model.ts";
import type { Match, NamedTest } from "../route-policy.ts";
import { checkChoice, checkLength, checkName, findRepeated } from "./check-fields.ts";
import { describeCondition } from "./contradictions.ts";
import { readConditions, TEXT_TESTS } from "./conditions.ts";

/** What the filter's table can hold of one rule or shadow. */
const MOST_CONDITIONS = 16;
const METHOD = /^[A-Z]+$/;

/** What can't be looked for in a request. Whether requests can meet it all is asked elsewhere. */
export function checkMatch(match: Match, at: FieldPath): readonly Finding[] {
  const { headers = [], cookies = [], query = [], method, path } = match;
  const findings: Finding[] = [
    ...headers.flatMap((one, index) => checkTest("header", one, [...at, "headers", index])),
    ...cookies.flatMap((one, index) => checkTest("cookie", one, [...at, "cookies", index])),
    ...query.flatMap((one, index) => checkTest("query", one, [...at, "query", index])),
    ...(path === undefined
      ? []
      : [...checkChoice([...at, "path"], path, TEXT_TESTS), ...checkTexts(path, [...at, "path"])]),
  ];
  if (method !== undefined && !METHOD.test(method)) {
    const message = `${JSON.stringify(method)} is not a method in capitals`;
    const hint = `write ${/^[a-z]+$/i.test(method) ? method.toUpperCase() : "one such as POST"}`;
    findings.push({ code: "PolicyNameInvalid", at: [...at, "method"], message, hint });
  }
  return [...findings, ...checkNumber(match, at)];
}

function checkNumber(match: Match, at: FieldPath): readonly Finding[] {
  const conditions = readConditions(match);
  if (conditions.length > MOST_CONDITIONS) {
    const message = `match has ${conditions.length} conditions; ${MOST_CONDITIONS} are the most`;
    return [{ code: "PolicyTooLarge", at, message }];
  }
  return findRepeated(conditions, (one) => JSON.stringify(one)).flatMap((index): readonly Finding[] => {
    const condition = conditions[index];
    if (condition === undefined) return [];
    const message = `match says twice that ${describeCondition(condition)}`;
    return [{ code: "PolicyDuplicate", severity: "warning", at, message }];
  });
}

function checkTest(kind: "header" | "cookie" | "query", test: NamedTest, at: FieldPath): readonly Finding[] {
  return [
    ...checkName([...at, "name"], kind, test.name),
    ...checkChoice(at, test, [...TEXT_TESTS, "present"]),
    ...checkTexts(test, at),
  ];
}

function checkTexts(test: Omit<NamedTest, "name">, at: FieldPath): readonly Finding[] {
  return TEXT_TESTS.flatMap((kind) => checkLength([...at, kind], test[kind] ?? ""));
}
