import { stderr, stdout } from "node:process";
import { styleText } from "node:util";
import type { LocalReporter, ServedReport } from "../control-plane/src/app/local/reporter.ts";
import type { DeploymentPlan } from "../control-plane/src/plan/deployment-plan.ts";
import type { Problem } from "../control-plane/src/problem/problem.ts";
import { predictionProtocol } from "./prediction-protocols.ts";

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
  let shown: ReadonlyMap<string, string> = new Map();
  return {
    progress: (text) => {
      say("graphway", text);
    },
    problems(all, outdated) {
      const now = new Map(all.map((one) => [subjectOf(one), formatProblem(one)]));
      const fresh = [...now].filter(([subject]) => !shown.has(subject));
      for (const [, text] of fresh) stderr.write(`${text}\n`);
      if (fresh.length > 0 && outdated.length > 0) say("goes on", `${outdated.join(", ")} with the last good version`);
      if (now.size === 0 && shown.size > 0) say("fine", "no problems any more");
      shown = now;
    },
    serving: (report) => {
      say("serving", `${report.plan.key}: ${describeShares(report.plan)}${describeNews(report)}`);
    },
    gone: (key) => {
      say("gone", key);
    },
    waiting(reports) {
      for (const { label, reason } of reports) say("waiting", `for ${label}: ${reason}`);
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

/** What makes a problem the same one as before, though lines were added above it. */
function subjectOf({ code, object, path, message, hint, file = "" }: Problem): string {
  return [code, object, path, message, hint, file].join("\n");
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

/** What is new besides the shares themselves, and who is missing. */
function describeNews({ missing, changed }: ServedReport): string {
  const other = changed.filter((aspect) => aspect !== "traffic");
  const news = changed.includes("traffic") || other.length === 0 ? [] : [`new ${other.join(", ")}`];
  const late = missing.length === 0 ? [] : [`${missing.join(", ")} not ready yet`];
  const all = [...news, ...late];
  return all.length === 0 ? "" : ` (${all.join("; ")})`;
}

/** A flower, for want of knowing what the models were made for. */
const SAMPLE = [[5.1, 3.5, 1.4, 0.2]];

function urlOf(url: string, plan: DeploymentPlan): string {
  return `${url}/seldon/${plan.namespace}/${plan.name}/${predictionProtocol(plan.protocol).restPath}`;
}

function describeReady(plans: readonly DeploymentPlan[], { port, files }: RunReporterOptions): string {
  const url = `http://localhost:${String(port)}`;
  const first = plans[0];
  const urls = plans.map((plan) => urlOf(url, plan));
  if (first === undefined) return "";
  const sample = predictionProtocol(first.protocol).wrap(SAMPLE);
  const at = port === 8003 ? "" : ` --url ${url}`;
  return [
    "",
    "ready     REST and gRPC on one port:",
    ...urls.map((one) => `  ${one}`),
    "",
    "Try:",
    `  curl -H 'content-type: application/json' -d '${JSON.stringify(sample)}' ${urlOf(url, first)}`,
    `  npx graphway predict ${first.key} '${JSON.stringify(SAMPLE)}' --grpc${at}`,
    "",
    `Edit ${files.join(", ")} and save: it is served within a second. Ctrl-C stops everything.`,
    "",
  ].join("\n");
}
