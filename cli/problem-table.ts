import type { Problem } from "../control-plane/src/problem/problem.ts";

const GAP = "  ";

/** Problems as an aligned table, one line each: place, severity, object, field, message, hint. No line feed at the end. */
export function formatProblemTable(problems: readonly Problem[]): string {
  const rows = problems.map(({ severity, object, path, message, hint, ...place }) =>
    [formatPlace(place), severity, object, path, message, hint].map(showControls),
  );
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join(GAP)
        .trimEnd(),
    )
    .join("\n");
}

/** `file:line:column`, as much of it as is known. */
function formatPlace({ file = "", position }: Pick<Problem, "file" | "position">): string {
  return position === undefined ? file : `${file}:${position.line}:${position.column}`;
}

/** Texts come from manifests: what would move the cursor is shown as its code. */
function showControls(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
