import { stderr, stdout } from "node:process";
import { parseArgs } from "node:util";
import { dump } from "js-yaml";
import { TARGETS, type Target } from "../control-plane/src/render/targets.ts";
import type { Json } from "../control-plane/src/render/xds/resource.ts";
import { exitCodeOf } from "./exit-code.ts";
import { formatProblems } from "./problem-list.ts";
import { readPlans } from "./read-plans.ts";

const NAMES = TARGETS.map((target) => target.name);
const WIDTH = Math.max(...NAMES.map((name) => name.length));

const USAGE = `Usage: graphway render --target <target> -f <file or folder>... [options]

Prints what SeldonDeployments become. Problems, and what the target cannot express, go to standard error.

Targets:
${TARGETS.map((target) => `  ${target.name.padEnd(WIDTH)}  ${target.summary}`).join("\n")}

  -t, --target <target>  one of the above
  -f, --file <path>      a manifest, or a folder of them; may be given more than once
  -o, --output <form>    yaml (default; Istio objects as documents for kubectl) or json
      --gateway <name>   Istio gateway of deployments that name none (default istio-system/seldon-gateway)

Exit code: 0 no errors, 1 a deployment has an error (the others are rendered), 2 wrong usage or a file that cannot be read.
`;

const OPTIONS = {
  target: { type: "string", short: "t" },
  file: { type: "string", short: "f", multiple: true },
  output: { type: "string", short: "o", default: "yaml" },
  gateway: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

function refuse(message: string): number {
  stderr.write(`graphway render: ${message}\n\n${USAGE}`);
  return 2;
}

function parseWords(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function toYaml(value: Json): string {
  return dump(value, { noRefs: true, lineWidth: 120 });
}

/** Kubernetes objects become documents of one stream. */
function print(target: Target, value: Json, output: string): string {
  if (output === "json") return `${JSON.stringify(value, undefined, 2)}\n`;
  return target.name === "istio" && Array.isArray(value)
    ? value.map((one) => toYaml(one as Json)).join("---\n")
    : toYaml(value);
}

/** `graphway render`. */
export async function run(words: readonly string[]): Promise<number> {
  const parsed = parseWords(words);
  if (typeof parsed === "string") return refuse(parsed);
  const { values, positionals } = parsed;
  if (values.help) {
    stdout.write(USAGE);
    return 0;
  }
  const target = TARGETS.find((one) => one.name === values.target);
  if (target === undefined) return refuse(`--target is one of ${NAMES.join(", ")}`);
  const paths = [...(values.file ?? []), ...positionals];
  if (paths.length === 0) return refuse("name a file or a folder");
  if (values.output !== "yaml" && values.output !== "json") {
    return refuse(`--output is yaml or json, not ${JSON.stringify(values.output)}`);
  }
  const { value: plans, problems } = await readPlans(
    paths,
    values.gateway === undefined ? {} : { gateway: values.gateway },
  );
  const rendered = target.render(plans);
  const all = [...problems, ...rendered.problems];
  if (all.length > 0) stderr.write(`${formatProblems(all, stderr.columns)}\n\n`);
  stdout.write(print(target, rendered.value, values.output));
  return exitCodeOf(all);
}
