import {
  ANNOTATIONS,
  ENGINE_PREFIX,
  LEGACY_ANNOTATIONS,
  type AnnotationRow,
  type AnnotationSite,
} from "../annotations.ts";
import { describeForm } from "../annotation-values.ts";
import type { ProblemCodeRow } from "../../problem/code-row.ts";
import { PROBLEM_CODES } from "../../problem/codes.ts";

const SITE_NAMES: Readonly<Record<AnnotationSite, string>> = {
  spec: "`spec.annotations`",
  metadata: "`metadata.annotations`",
  predictor: "`spec.predictors[].annotations`",
  pod: "`spec.predictors[].componentSpecs[].metadata.annotations`",
};

const ANNOTATIONS_HEAD = `# Annotations

Generated from the registry by \`node control-plane/src/model/scripts/write-docs.ts\`.

Where several places are named, the first that has the annotation counts. A key of \`seldon.io/\` or \`graphway.dev/\` that is
not listed, stands in another place or has a value that cannot be read is reported; other keys are left alone.
`;

const ANNOTATIONS_FOOT = `## Variables of the orchestrator

\`${ENGINE_PREFIX}<x>\` in \`spec.annotations\` sets the variable \`<X>\` of the orchestrator: \`${ENGINE_PREFIX}log-level\` is \`LOG_LEVEL\`.
\`svcOrchSpec.env\` wins over it.

## Not read by anything

${LEGACY_ANNOTATIONS.map((key) => `\`${key}\``).join(", ")}: these were read by Seldon's Java engine and by nothing since.
`;

/** docs/annotations.md. */
export function renderAnnotationsPage(): string {
  const rows = (effective: boolean): string =>
    table(
      ["Annotation", "Where", "Value", "Default", "Meaning"],
      ANNOTATIONS.filter((row) => row.effective === effective).map(annotationCells),
    );
  return [ANNOTATIONS_HEAD, rows(true), "## Known to Seldon, without effect here", rows(false), ANNOTATIONS_FOOT]
    .join("\n\n")
    .replaceAll(/\n{3,}/g, "\n\n");
}

function annotationCells({ key, sites, form, fallback, meaning }: AnnotationRow): readonly string[] {
  return [`\`${key}\``, sites.map((site) => SITE_NAMES[site]).join(", then "), describeForm(form), fallback, meaning];
}

const PROBLEMS_HEAD = `# Problems

Generated from the table of codes by \`node control-plane/src/model/scripts/write-docs.ts\`.

An *error* stops its own deployment only: what was served before goes on, and other deployments are not touched. A *warning* stops
nothing.
`;

/** docs/problems.md. */
export function renderProblemsPage(): string {
  const rows = Object.entries<ProblemCodeRow>(PROBLEM_CODES).map(([code, { severity, meaning, hint }]) => [
    `\`${code}\``,
    severity,
    meaning,
    hint,
  ]);
  return [PROBLEMS_HEAD, table(["Code", "Severity", "Meaning", "What to do"], rows)].join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return `${[line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n")}\n`;
}
