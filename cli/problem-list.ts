import type { Problem } from "../control-plane/src/problem/problem.ts";

const INDENT = "    ";

/**
 * Problems for a terminal, as compilers print them, three lines each: place, severity and message; object and field; what
 * to do. Longer lines are broken between words at `columns`; by default they are not. No line feed at the end.
 */
export function formatProblems(problems: readonly Problem[], columns = Infinity): string {
  return problems.map((one) => formatProblem(one, columns)).join("\n");
}

function formatProblem({ severity, object, path, message, hint, ...place }: Problem, columns: number): string {
  const where = [formatPlace(place), object, path].map(showControls);
  const first = [where[0], severity, showControls(message)].filter((part) => part !== "").join(": ");
  const second = where.slice(1).filter((part) => part !== "");
  const lines = [
    first,
    ...(second.length === 0 ? [] : [INDENT + second.join("  ")]),
    ...(hint === "" ? [] : [`${INDENT}-> ${showControls(hint)}`]),
  ];
  return lines.map((line) => wrap(line, columns)).join("\n");
}

/** `file:line:column`, as much of it as is known. */
function formatPlace({ file = "", position }: Pick<Problem, "file" | "position">): string {
  return position === undefined ? file : `${file}:${position.line}:${position.column}`;
}

/** Breaks a line between words; the rest stands further in. A word that is too long stays whole. */
function wrap(line: string, columns: number): string {
  if (line.length <= columns) return line;
  const indent = `${/^ */.exec(line)?.[0] ?? ""}${INDENT}`;
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(/(?<=\S)(?= )/)) {
    if (current !== "" && current.length + word.length > columns) {
      lines.push(current);
      current = indent + word.trimStart();
    } else current += word;
  }
  return [...lines, current].join("\n");
}

/** Texts come from manifests: what would move the cursor is shown as its code. */
function showControls(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
