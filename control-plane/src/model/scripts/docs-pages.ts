import {
  ANNOTATIONS,
  ENGINE_PREFIX,
  LEGACY_ANNOTATIONS,
  type AnnotationRow,
  type AnnotationSite,
} from "../annotations.ts";
import { RESERVED_PARAMETERS } from "../../../../proto/graph/reserved-parameters.ts";
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

const PARAMETERS_HEAD = `# Parameters of graph nodes

Generated from the table by \`node control-plane/src/model/scripts/write-docs.ts\`.

What stands in \`parameters\` of a graph node is handed to its model (variable \`PREDICTIVE_UNIT_PARAMETERS\`), but for these names: the
orchestrator reads them itself, and no model ever gets them. They say what becomes of a request when one branch of a combiner fails:
when its node can't be reached, is too slow for its timeout, answers with an error, or when that happens below it.
`;

const PARAMETERS_FOOT = `A branch that was left out, or that a default stands in for, is \`-2\` in \`x-graphway-routing\` and \`node/skip\` or \`node/default\`
in \`x-graphway-path\`. When the request itself ends, because its client left or its deadline passed, that is never a branch's failure.

\`\`\`yaml
graph:
  name: ensemble
  type: COMBINER
  parameters:
    - { name: minReady, value: "2", type: INT }
  children:
    - { name: fast, type: MODEL, parameters: [{ name: onError, value: fail, type: STRING }] }
    - { name: slow, type: MODEL }
    - name: remote
      type: MODEL
      parameters:
        - { name: onError, value: default, type: STRING }
        - { name: default, value: '{"data":{"ndarray":[[0.5]]}}', type: STRING }
\`\`\`

Here \`slow\` may fail, because of \`minReady\`; for \`remote\` a half stands in; \`fast\` must answer; and two of the three must have answered
themselves.
`;

/** docs/node-parameters.md. */
export function renderNodeParametersPage(): string {
  const rows = RESERVED_PARAMETERS.map(({ name, where, values, fallback, meaning }) => {
    return [`\`${name}\``, where, values, fallback, meaning];
  });
  return [PARAMETERS_HEAD, table(["Parameter", "Where", "Value", "Default", "Meaning"], rows), PARAMETERS_FOOT].join(
    "\n",
  );
}

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
