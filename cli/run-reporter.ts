import { stderr, stdout } from "node:process";
import { styleText } from "node:util";
import type { LocalReporter } from "../control-plane/src/app/local/reporter.ts";
import type { DeploymentPlan } from "../control-plane/src/plan/deployment-plan.ts";
import type { Problem } from "../control-plane/src/problem/problem.ts";

export interface RunReporterOptions {
  readonly port: number;
  /** What the user named with -f. */
  readonly files: readonly string[];
  /** Whether to print what the processes write. */
  readonly printLogs: boolean;
}

/** Tells people on a terminal what `graphway run` does. */
export function createRunReporter(options: RunReporterOptions): LocalReporter {
  const say = (word: string, text: string): void => {
    stdout.write(`${styleText("bold", word.padEnd(9))} ${text}\n`);
  };
  let shown: ReadonlySet<string> = new Set();
  let served: ReadonlyMap<string, string> = new Map();
  return {
    progress: (text) => {
      say("graphway", text);
    },
    problems(all) {
      const now = new Set(all.map(formatProblem));
      for (const text of now) if (!shown.has(text)) stderr.write(`${text}\n`);
      if (now.size === 0 && shown.size > 0) say("fine", "no problems any more");
      shown = now;
    },
    serving(plans) {
      const now = new Map(plans.map((plan) => [plan.key, describeShares(plan)]));
      for (const [key, text] of now) say("serving", `${key}: ${text}${served.get(key) === text ? " (edited)" : ""}`);
      for (const key of served.keys()) if (!now.has(key)) say("gone", key);
      served = now;
    },
    ready(plans) {
      const inOrder = [...plans].sort((a, b) => (a.key < b.key ? -1 : 1));
      stdout.write(describeReady(inOrder, options));
    },
    fault(error) {
      stderr.write(`graphway: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    },
    line(label, text) {
      if (options.printLogs) stdout.write(`${styleText("dim", label)} ${text}\n`);
    },
  };
}

/** `file:line:column: severity: object field: message; hint`, the form that editors and terminals make links of. */
export function formatProblem(one: Problem): string {
  const place = one.position ? `:${String(one.position.line)}:${String(one.position.column)}` : "";
  const file = one.file === undefined ? "" : `${one.file}${place}: `;
  const subject = [one.object, one.path].filter((part) => part !== "").join(" ");
  const severity = styleText(one.severity === "error" ? "red" : "yellow", one.severity);
  return `${file}${severity}: ${subject === "" ? "" : `${subject}: `}${one.message}\n    ${one.hint}`;
}

function describeShares(plan: DeploymentPlan): string {
  const total = plan.split.reduce((sum, entry) => sum + entry.weight, 0);
  const shares = plan.split.map(
    ({ predictor, weight }) => `${predictor} ${String(Math.round((weight * 1000) / total) / 10)} %`,
  );
  const shadows = plan.shadows.map(({ predictor, percent }) => `shadow ${predictor} ${String(percent)} %`);
  return [...shares, ...shadows].join(", ");
}

function describeReady(plans: readonly DeploymentPlan[], { port, files }: RunReporterOptions): string {
  const url = `http://localhost:${String(port)}`;
  const first = plans[0];
  const urls = plans.map((plan) => `  ${url}/seldon/${plan.namespace}/${plan.name}/api/v1.0/predictions`);
  if (first === undefined) return "";
  const at = port === 8003 ? "" : ` --url ${url}`;
  return [
    "",
    "ready     REST and gRPC on one port:",
    ...urls,
    "",
    "Try:",
    `  curl -H 'content-type: application/json' -d '{"data":{"ndarray":[[5.1,3.5,1.4,0.2]]}}' ${url}/seldon/${first.namespace}/${first.name}/api/v1.0/predictions`,
    `  npx graphway predict ${first.key} '[[5.1,3.5,1.4,0.2]]' --grpc${at}`,
    "",
    `Edit ${files.join(", ")} and save: it is served within a second. Ctrl-C stops everything.`,
    "",
  ].join("\n");
}
