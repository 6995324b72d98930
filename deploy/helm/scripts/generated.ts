import { join } from "node:path";
import { format } from "prettier";
import { CHART, readValues } from "./chart-values.ts";
import { renderIstioFilterTemplate } from "./istio-filter.ts";
import { knownValuesOf, renderValuesPage } from "./pages.ts";
import { schemaOf } from "./schema.ts";

const PAGE = join(import.meta.dirname, "..", "..", "..", "docs", "helm-values.md");

/** What is written from values.yaml and from code: file -> text. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const values = readValues();
  const known = knownValuesOf(values) as Readonly<Record<string, unknown>>;
  // `orchestrator` takes whatever `executor` does, and wins.
  const orchestrator = merged(known["executor"], known["orchestrator"]);
  return new Map([
    [PAGE, await format(renderValuesPage(values), { parser: "markdown", printWidth: 120 })],
    [join(CHART, "files", "known-values.json"), await json({ ...known, orchestrator })],
    [join(CHART, "values.schema.json"), await json(schemaOf(values))],
    [join(CHART, "templates", "istio-filter.yaml"), renderIstioFilterTemplate()],
  ]);
}

function json(value: unknown): Promise<string> {
  return format(JSON.stringify(value), { parser: "json", printWidth: 120 });
}

function merged(under: unknown, over: unknown): unknown {
  if (!isMap(under) || !isMap(over)) return over ?? under;
  const names = new Set([...Object.keys(under), ...Object.keys(over)]);
  return Object.fromEntries([...names].map((name) => [name, merged(under[name], over[name])]));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
