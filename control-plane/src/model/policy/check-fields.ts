import { isKeyName } from "../annotation-values.ts";
import type { Finding } from "../finding.ts";
import type { FieldPath } from "../model.ts";
import { LONGEST_TEXT_BYTES } from "../schema/route-policy-fields.ts";

/** Headers that clients can't send: ours. */
const OWN_HEADERS = "x-graphway-";

/** Says so unless exactly one of the fields is there. */
export function checkChoice(at: FieldPath, given: object, fields: readonly string[]): readonly Finding[] {
  const present = fields.filter((field) => (given as Readonly<Record<string, unknown>>)[field] !== undefined);
  if (present.length === 1) return [];
  const what = nameOf(at);
  const list = `${fields.slice(0, -1).join(", ")} and ${fields.at(-1) ?? ""}`;
  const message =
    present.length === 0
      ? `${what} has none of ${list}`
      : `${what} has ${present.join(" and ")}; only one can be meant`;
  return [{ code: "PolicyChoiceInvalid", at, message, hint: `write exactly one of ${list}` }];
}

/** Names of headers, cookies and query parameters. */
export function checkName(at: FieldPath, kind: "header" | "cookie" | "query", name: string): readonly Finding[] {
  if (kind === "header" && name.startsWith(":")) {
    const hint = "use path and method, which a match has of its own";
    return [{ code: "PolicyNameInvalid", at, message: `${JSON.stringify(name)} is no header of a request`, hint }];
  }
  if (!isKeyName(kind, name)) {
    const what = kind === "query" ? "query parameter" : kind;
    return [
      { code: "PolicyNameInvalid", at, message: `${JSON.stringify(name)} is not a name that a ${what} can have` },
    ];
  }
  if (kind !== "header" || !name.toLowerCase().startsWith(OWN_HEADERS)) return [];
  const message = `${name} is one of our own headers: it is taken from clients`;
  return [
    { code: "PolicyNameInvalid", at, message, hint: `use a header whose name does not begin with ${OWN_HEADERS}` },
  ];
}

/** What the filter's table can't hold. */
export function checkLength(at: FieldPath, text: string): readonly Finding[] {
  const bytes = Buffer.byteLength(text);
  if (bytes <= LONGEST_TEXT_BYTES) return [];
  return [
    { code: "PolicyTooLarge", at, message: `${nameOf(at)} has ${bytes} bytes; ${LONGEST_TEXT_BYTES} are the most` },
  ];
}

/** Every value that stands before, by the text that makes two of them the same. */
export function findRepeated<T>(values: readonly T[], textOf: (value: T, index: number) => string): readonly number[] {
  const seen = new Set<string>();
  return values.flatMap((value, index) => {
    const text = textOf(value, index);
    if (seen.has(text)) return [index];
    seen.add(text);
    return [];
  });
}

/** The last field of a path, with its place in a list. */
function nameOf(at: FieldPath): string {
  const field = at.findLastIndex((step) => typeof step === "string");
  return at
    .slice(Math.max(0, field))
    .map((step) => (typeof step === "number" ? `[${step}]` : step))
    .join("");
}
