import type { JsonSchema } from "../schema/json-schema.ts";
import { ROUTE_POLICY_SCHEMA } from "../schema/route-policy-schema.ts";

const HEAD = `# Fields of RoutePolicy

Generated from the schema by \`node control-plane/src/model/scripts/write-docs.ts\`. [RoutePolicy](route-policy.md) says how they go
together, with examples. Fields in **bold** are required where their parent is. A field that is not listed is an error.
`;

/** docs/route-policy-fields.md. */
export function renderRoutePolicyPage(): string {
  const spec = ROUTE_POLICY_SCHEMA.properties?.["spec"] ?? {};
  const sections = Object.entries(spec.properties ?? {}).map(([name, schema]) => {
    const rows = [rowOf(name, schema, spec), ...rowsBelow(name, schema)];
    return [`## \`${name}\``, table(rows), ...rulesBelow(name, schema)].join("\n\n");
  });
  return `${[HEAD, ...sections].join("\n\n")}\n`;
}

type Row = readonly [string, string, string];

function rowOf(path: string, schema: JsonSchema, parent: JsonSchema): Row {
  const name = path.slice(Math.max(path.lastIndexOf("."), path.lastIndexOf("]")) + 1);
  const shown = parent.required?.includes(name) === true ? `**\`${path}\`**` : `\`${path}\``;
  return [shown, formOf(schema), schema.description ?? ""];
}

function rowsBelow(path: string, schema: JsonSchema): readonly Row[] {
  if (schema.items !== undefined) return rowsBelow(`${path}[]`, schema.items);
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const at = `${path}.${name}`;
    return [rowOf(at, field, schema), ...rowsBelow(at, field)];
  });
}

/** What holds beyond the form of single fields. */
function rulesBelow(path: string, schema: JsonSchema): readonly string[] {
  const lines = collectRules(path, schema).map(([at, message]) => `- \`${at}\`: ${message}`);
  return lines.length === 0 ? [] : ["Refused with these words:", [...new Set(lines)].join("\n")];
}

function collectRules(path: string, schema: JsonSchema): readonly (readonly [string, string])[] {
  const own = (schema["x-kubernetes-validations"] ?? [])
    .filter(() => schema.type !== "string")
    .map(({ message }) => [path, message] as const);
  const below =
    schema.items === undefined
      ? Object.entries(schema.properties ?? {}).flatMap(([name, field]) => collectRules(`${path}.${name}`, field))
      : collectRules(`${path}[]`, schema.items);
  return [...own, ...below];
}

function formOf(schema: JsonSchema): string {
  const { type, minimum, maximum, maxItems, maxLength } = schema;
  if (schema.enum !== undefined) return schema.enum.map((one) => `\`${one}\``).join(", ");
  if (type === "array") {
    return `list of ${schema.items?.type === "object" ? "maps" : pluralOf(schema.items ?? {})}, at most ${maxItems ?? ""}`;
  }
  if (type === "object") return "map";
  if (type === "boolean") return "`true` or `false`";
  if (type !== "string") return rangeOf(type === "integer" ? "whole number" : "number", minimum, maximum);
  return maxLength === undefined ? "text" : `text of at most ${maxLength.toLocaleString("en")} characters`;
}

function pluralOf(items: JsonSchema): string {
  if (items.enum !== undefined) return items.enum.map((one) => `\`${one}\``).join(", ");
  return items.type === "string" ? "texts" : rangeOf("whole numbers", items.minimum, items.maximum);
}

function rangeOf(what: string, minimum: number | undefined, maximum: number | undefined): string {
  const from = minimum === undefined ? "" : ` from ${minimum.toLocaleString("en")}`;
  return `${what}${from}${maximum === undefined ? "" : ` to ${maximum.toLocaleString("en")}`}`;
}

function table(rows: readonly Row[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((one) => one.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(["Field", "Value", "Meaning"]), line(["---", "---", "---"]), ...rows.map(line)].join("\n");
}
