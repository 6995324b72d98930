import type { ChartValue } from "./chart-values.ts";

const INTRODUCTION = `# Values of the Helm chart

Generated from \`deploy/helm/graphway/values.yaml\` by \`node deploy/helm/scripts/write-docs.ts\`. Names and defaults are those of
Seldon Core 1.17.1's chart; what it does not have is under \`orchestrator\`, \`xds\`, \`gateway\`, \`istio.filter\`, \`istio.mesh\` and, in part,
\`manager\`, \`crd\` and \`webhook\`.
A value that is not known has no effect; \`helm install\` says which ones.
`;

/** The page docs/helm-values.md, as Markdown. */
export function renderValuesPage(values: readonly ChartValue[]): string {
  const single = values.filter(({ members }) => members.length === 0);
  const groups = values.filter(({ members }) => members.length > 0);
  const parts = [INTRODUCTION, tableOf(single, "")];
  for (const group of groups) {
    const said = group.meaning === "" ? "" : `${group.meaning}\n\n`;
    parts.push(`## ${group.name}\n\n${said}${tableOf(group.members, `${group.name}.`)}`);
  }
  return parts.join("\n");
}

function tableOf(values: readonly ChartValue[], prefix: string): string {
  return `| Value | Default | Meaning |\n|---|---|---|\n${values.flatMap((value) => rowsOf(value, prefix)).join("\n")}\n`;
}

function rowsOf(value: ChartValue, prefix: string): readonly string[] {
  const path = `${prefix}${value.name}`;
  if (value.members.length === 0) return [`| \`${path}\` | ${defaultOf(value)} | ${value.meaning} |`];
  const [first, ...others] = value.members;
  if (first === undefined) return [];
  const meaning = [value.meaning, first.meaning].filter((part) => part !== "").join(" ");
  return [{ ...first, meaning }, ...others].flatMap((member) => rowsOf(member, `${path}.`));
}

const LONGEST_DEFAULT = 80;

function defaultOf({ initial }: ChartValue): string {
  const text = JSON.stringify(initial);
  return text.length > LONGEST_DEFAULT ? "see values.yaml" : `\`${text}\``;
}

/** What files/known-values.json says: every key that the chart knows; a key below which anything goes is `true`. */
export function knownValuesOf(values: readonly ChartValue[]): unknown {
  return Object.fromEntries(
    values.map(({ name, members }) => [name, members.length === 0 ? true : knownValuesOf(members)]),
  );
}
