import { stdout } from "node:process";
import { loadDocuments } from "../control-plane/src/model/load.ts";
import { DEFAULT_MODEL_SETTINGS } from "../control-plane/src/model/settings.ts";
import type { Problem } from "../control-plane/src/problem/problem.ts";
import { createFileSource } from "../control-plane/src/source/file/file-source.ts";
import { formatProblems } from "./problem-list.ts";
import { parseWords, UsageError } from "./words.ts";

const USAGE = `Usage: graphway validate -f <file or folder>... [options]

Says what is wrong with the SeldonDeployments and RoutePolicies in files; of a folder the .yaml, .yml and .json files
count, at any depth, as far as they hold Kubernetes objects.

  -f, --file <path> a manifest, a folder of them, or - for standard input (kubectl get sdep -A -o yaml | graphway
                    validate -f -); may be given more than once, -f may be left out
  -o, --output <form> table (default) or json: one object with problems and counts

Of each problem the table says file:line:column, severity and message; then object and field; then what to do.
Objects of other kinds are counted and otherwise left alone, unless there is nothing else.
Exit code: 0 no errors (warnings allowed), 1 an error, 2 wrong usage or a file that cannot be read.
`;

const OPTIONS = {
  file: { type: "string", short: "f", multiple: true, default: [] as string[] },
  output: { type: "string", short: "o", default: "table" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** What was looked at and what was found. */
interface Report {
  readonly problems: readonly Problem[];
  readonly files: number;
  /** Objects that were left out because they are of other kinds. */
  readonly skipped: number;
  readonly errors: number;
  readonly warnings: number;
}

/** `graphway validate`. */
export async function run(words: readonly string[]): Promise<number> {
  const answer = await answerTo(words);
  stdout.write(answer.text);
  return answer.code;
}

/** What the command prints, and its exit code. Throws UsageError. */
export async function answerTo(words: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  const { values, positionals } = parseWords(OPTIONS, words);
  if (values.help) return { code: 0, text: USAGE };
  if (values.output !== "table" && values.output !== "json") {
    throw new UsageError(`--output is table or json, not ${JSON.stringify(values.output)}`);
  }
  const paths = [...values.file, ...positionals];
  if (paths.length === 0) throw new UsageError("name a file or a folder");
  const report = await validate(paths);
  const text =
    values.output === "json" ? `${JSON.stringify(report, undefined, 2)}\n` : formatReport(report, stdout.columns);
  return { code: exitCode(report), text };
}

function exitCode({ problems, errors }: Report): number {
  if (problems.some((one) => one.code === "SourceUnreadable")) return 2;
  return errors > 0 ? 1 : 0;
}

/** Files are judged together, so that policies find their targets; the same name in two files is a warning only. */
async function validate(paths: readonly string[]): Promise<Report> {
  const source = await createFileSource(paths, { recursive: true }).read();
  const texts = [...new Map(source.value.map((text) => [text.file, text])).values()];
  const model = loadDocuments(texts, { ...DEFAULT_MODEL_SETTINGS, duplicateAcrossFiles: "warning" });
  const found = [...source.problems, ...model.problems];
  // Beside manifests of ours other objects are nothing to warn of, nor are data files that a folder holds; alone, or named, they are.
  const isOther = ({ code, file = "" }: Problem): boolean =>
    code === "KindSkipped" || (code === "ObjectForeign" && !paths.includes(file));
  const others = found.filter(isOther);
  const problems = model.value.deployments.length > 0 ? found.filter((one) => !isOther(one)) : found;
  return {
    problems,
    files: texts.length,
    skipped: others.length,
    errors: problems.filter((one) => one.severity === "error").length,
    warnings: problems.filter((one) => one.severity === "warning").length,
  };
}

function formatReport({ problems, files, skipped, errors, warnings }: Report, columns: number | undefined): string {
  const verdict = problems.length === 0 ? "no problems" : `${count(errors, "error")}, ${count(warnings, "warning")}`;
  const list = problems.length === 0 ? "" : `${formatProblems(problems, columns)}\n\n`;
  const others = skipped === 0 ? "" : `; ${count(skipped, "object")} of other kinds left out`;
  return `${list}${count(files, "file")}: ${verdict}${others}\n`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
