import { stderr, stdout } from "node:process";
import { describePlan } from "./describe-plan.ts";
import { exitCodeOf } from "./exit-code.ts";
import { runDiff } from "./plan-diff.ts";
import { formatProblems } from "./problem-list.ts";
import { readPlans } from "./read-plans.ts";
import { parseWords, UsageError } from "./words.ts";

const USAGE = `Usage: graphway plan -f <file or folder>... [options]
       graphway plan --diff <old file or folder> <new file or folder>
       graphway plan --cluster [flags of the control plane]

Says in words what SeldonDeployments mean: where they answer, how requests are split, copied and retried, and the graph
of every predictor. Problems go to standard error.

With --diff: what an edit does to the traffic: which share of the clients' keys moves from which predictor to which, found by asking the
router for 100,000 of them before and after, and what happens to rules, shadows, retries and all else.

With --cluster: what a control plane would change next in a cluster, and whether pods restart; nothing is written. Takes the
control plane's own flags and variables (--kubeconfig, --context, --operator-namespace, --adopt, ISTIO_ENABLED, …): give those
that it runs with, or the answer is that of another one. node control-plane/bin/control-plane.mjs --help lists them.

  -f, --file <path>   a manifest, a folder of them, or - for standard input; may be given more than once
  -o, --output <form> text (default) or json: the plans, or the differences, as data
      --json          the same as --output json

Exit code: 0 no errors, 1 a deployment has an error (the others are shown), 2 wrong usage or a file that cannot be read.
`;

const OPTIONS = {
  file: { type: "string", short: "f", multiple: true },
  output: { type: "string", short: "o", default: "text" },
  diff: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** `graphway plan`. */
export async function run(words: readonly string[]): Promise<number> {
  if (words.includes("--cluster")) {
    if (words.includes("--help") || words.includes("-h")) {
      stdout.write(USAGE);
      return 0;
    }
    const { runOnCluster } = await import("./plan-cluster.ts");
    return runOnCluster(words.filter((word) => word !== "--cluster"));
  }
  const { values, positionals } = parseWords(OPTIONS, words);
  if (values.help) {
    stdout.write(USAGE);
    return 0;
  }
  const paths = [...(values.file ?? []), ...positionals];
  if (paths.length === 0) throw new UsageError("name a file or a folder");
  if (values.output !== "text" && values.output !== "json") {
    throw new UsageError(`--output is text or json, not ${JSON.stringify(values.output)}`);
  }
  const asJson = values.json || values.output === "json";
  if (values.diff) {
    const [before, after, ...others] = paths;
    if (before === undefined || after === undefined || others.length > 0)
      throw new UsageError("--diff compares two: the old file or folder, then the new one");
    return runDiff(before, after, asJson);
  }
  const { value: plans, problems } = await readPlans(paths);
  if (problems.length > 0) stderr.write(`${formatProblems(problems, stderr.columns)}\n\n`);
  stdout.write(asJson ? `${JSON.stringify(plans, undefined, 2)}\n` : plans.map(describePlan).join("\n"));
  return exitCodeOf(problems);
}
