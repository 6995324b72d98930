import type { Finding } from "../finding.ts";
import type { FieldPath } from "../model.ts";
import type { CookieTerms, Sticky, StickyPart } from "../route-policy.ts";
import { checkChoice, checkName, findRepeated } from "./check-fields.ts";

const KINDS = ["header", "cookie", "query"] as const;

export function checkSticky(sticky: Sticky, at: FieldPath): readonly Finding[] {
  const { keys = [] } = sticky;
  const given = [...KINDS, "keys" as const].filter((kind) => sticky[kind] !== undefined);
  const findings: Finding[] = [];
  if (given.length !== 1) {
    const message =
      given.length === 0 ? "sticky names no key" : `sticky has ${given.join(" and ")}; only one can be the key`;
    const hint =
      given.length === 0 ? {} : { hint: "write several keys as a list in keys, in the order in which they count" };
    findings.push({ code: "PolicyStickyInvalid", at, message, ...hint });
  }
  const repeated = findRepeated(keys, (one) => KINDS.map((kind) => describeKey(kind, one)).join());
  const issuing = keys.flatMap(({ issue }, index) => (issue === undefined ? [] : [index]));
  return [
    ...findings,
    ...checkNames(sticky, at),
    ...keys.flatMap((one, index) => checkPart(one, [...at, "keys", index])),
    ...repeated.map((index): Finding => {
      const message = `keys[${index}] is a key before already`;
      return { code: "PolicyDuplicate", severity: "warning", at: [...at, "keys", index], message };
    }),
    ...issuing.slice(1).map((index): Finding => {
      const message = "only one cookie can be issued, and one before is";
      return { code: "PolicyStickyInvalid", at: [...at, "keys", index, "issue"], message, hint: "remove one issue" };
    }),
  ];
}

function describeKey(kind: (typeof KINDS)[number], part: StickyPart): string {
  const name = part[kind];
  return JSON.stringify([kind, kind === "header" ? name?.toLowerCase() : name]);
}

function checkNames(given: Sticky | StickyPart, at: FieldPath): readonly Finding[] {
  return KINDS.flatMap((kind) => {
    const name = given[kind];
    return name === undefined ? [] : checkName([...at, kind], kind, name);
  });
}

function checkPart(part: StickyPart, at: FieldPath): readonly Finding[] {
  const { issue, cookie } = part;
  const findings = [...checkChoice(at, part, KINDS), ...checkNames(part, at)];
  if (issue === undefined) return findings;
  const place = [...at, "issue"];
  if (cookie === undefined) {
    const message = "only a cookie can be issued";
    findings.push({ code: "PolicyStickyInvalid", at: place, message, hint: "remove issue, or name a cookie" });
  }
  return [...findings, ...checkTerms(issue, place)];
}

/** Visible ASCII but for the semicolon, which would begin another attribute. */
const COOKIE_PATH = /^\/[!-:<-~]*$/;

function checkTerms({ path, sameSite, secure }: CookieTerms, at: FieldPath): readonly Finding[] {
  const findings: Finding[] = [];
  if (path !== undefined && !COOKIE_PATH.test(path)) {
    const message = `${JSON.stringify(path)} is not a path that a cookie can have`;
    const hint = "begin with a slash, without blanks and semicolons";
    findings.push({ code: "PolicyNameInvalid", at: [...at, "path"], message, hint });
  }
  if (sameSite === "None" && secure !== true) {
    const message = "browsers drop a cookie with sameSite None that is not secure";
    findings.push({ code: "PolicyStickyInvalid", at: [...at, "sameSite"], message, hint: "write secure: true too" });
  }
  return findings;
}
