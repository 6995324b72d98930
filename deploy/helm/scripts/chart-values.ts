import { load } from "js-yaml";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A key of the chart's values, as values.yaml has it. */
export interface ChartValue {
  readonly name: string;
  /** Comment lines above it; empty where its name says all. */
  readonly meaning: string;
  /** What is set unless the user says otherwise; of a group undefined. */
  readonly initial: unknown;
  readonly members: readonly ChartValue[];
}

export const CHART = join(import.meta.dirname, "..", "graphway");

/** Maps that users fill with keys of their own. */
const FREE = new Set(["predictor_servers", "credentials"]);

/** The values in the order of the file. */
export function readValues(): readonly ChartValue[] {
  const text = readFileSync(join(CHART, "values.yaml"), "utf8");
  return membersOf(load(text) as Readonly<Record<string, unknown>>, meaningsOf(text), "");
}

function membersOf(
  values: Readonly<Record<string, unknown>>,
  meanings: ReadonlyMap<string, string>,
  prefix: string,
): readonly ChartValue[] {
  return Object.entries(values).map(([name, initial]) => {
    const path = `${prefix}${name}`;
    const meaning = meanings.get(path) ?? "";
    const isGroup = isMap(initial) && Object.keys(initial).length > 0 && !FREE.has(path);
    if (!isGroup) return { name, meaning, initial, members: [] };
    return { name, meaning, initial: undefined, members: membersOf(initial, meanings, `${path}.`) };
  });
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Comments by the path of the key below them. */
function meaningsOf(text: string): ReadonlyMap<string, string> {
  const meanings = new Map<string, string>();
  const parents: string[] = [];
  let comment: string[] = [];
  for (const line of text.split("\n")) {
    const [, said] = /^ *# ?(.*)$/.exec(line) ?? [];
    const [, indent = "", key] = /^( *)(\w+):/.exec(line) ?? [];
    if (said !== undefined) {
      comment.push(said);
      continue;
    }
    if (key !== undefined) {
      parents.splice(indent.length / 2);
      parents.push(key);
      meanings.set(parents.join("."), comment.join(" "));
    }
    comment = [];
  }
  return meanings;
}
