import { stderr, stdout } from "node:process";
import { dump } from "js-yaml";
import type { DeploymentPlan } from "../control-plane/src/plan/deployment-plan.ts";
import type { Checked } from "../control-plane/src/problem/problem.ts";
import { TARGETS, type Target, type TargetOptions } from "../control-plane/src/render/targets.ts";
import type { Json } from "../control-plane/src/render/xds/resource.ts";
import { exitCodeOf } from "./exit-code.ts";
import { formatProblems } from "./problem-list.ts";
import { readPlans } from "./read-plans.ts";
import { parseWords, UsageError } from "./words.ts";

const NAMES = TARGETS.map((target) => target.name);
const WIDTH = Math.max(...NAMES.map((name) => name.length));

const USAGE = `Usage: graphway render --target <target> -f <file or folder>... [options]

Prints what SeldonDeployments become. Problems, and what the target cannot express, go to standard error.

Targets:
${TARGETS.map((target) => `  ${target.name.padEnd(WIDTH)}  ${target.summary}`).join("\n")}

  -t, --target <target>  one of the above
  -f, --file <path>      a manifest, a folder of them, or - for standard input; may be given more than once
  -o, --output <form>    yaml (default; Kubernetes objects as documents for kubectl), json, or bytes: the filter-table
                         as Envoy gets it, for a file or a pipe (graphway table dump reads it)
      --gateway <name>   gateway of deployments that name none (default istio-system/seldon-gateway)
      --http-listener <name>, --grpc-listener <name>
                         gateway-api: listeners of the Gateways that HTTPRoutes and GRPCRoutes attach to (default all)

Exit code: 0 no errors, 1 a deployment has an error (the others are rendered), 2 wrong usage or a file that cannot be read.
`;

const OPTIONS = {
  target: { type: "string", short: "t" },
  file: { type: "string", short: "f", multiple: true },
  output: { type: "string", short: "o", default: "yaml" },
  gateway: { type: "string" },
  "http-listener": { type: "string", default: "" },
  "grpc-listener": { type: "string", default: "" },
  help: { type: "boolean", short: "h", default: false },
} as const;

const FORMS = ["yaml", "json", "bytes"] as const;
type Form = (typeof FORMS)[number];

function toYaml(value: Json): string {
  return dump(value, { noRefs: true, lineWidth: 120 });
}

/** Targets that are Kubernetes objects for `kubectl apply`. */
const DOCUMENTS = new Set(["istio", "gateway-api"]);

/** Kubernetes objects become documents of one stream. */
function print(target: Target, value: Json, form: Form): string {
  if (form === "json") return `${JSON.stringify(value, undefined, 2)}\n`;
  return DOCUMENTS.has(target.name) && Array.isArray(value)
    ? value.map((one) => toYaml(one as Json)).join("---\n")
    : toYaml(value);
}

function renderAs(
  target: Target,
  form: Form,
  plans: readonly DeploymentPlan[],
  options: TargetOptions,
): Checked<string | Uint8Array> {
  if (form === "bytes" && target.renderBytes !== undefined) return target.renderBytes(plans);
  const { value, problems } = target.render(plans, options);
  return { value: print(target, value, form), problems };
}

function readForm(given: string, target: Target): Form {
  const form = FORMS.find((one) => one === given);
  if (form === undefined) throw new UsageError(`--output is one of ${FORMS.join(", ")}, not ${JSON.stringify(given)}`);
  if (form !== "bytes") return form;
  if (target.renderBytes === undefined) throw new UsageError(`${target.name} has no form as bytes; filter-table has`);
  if (stdout.isTTY) throw new UsageError("bytes are not for a terminal; add > table.bin, or a pipe");
  return form;
}

/** `graphway render`. */
export async function run(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseWords(OPTIONS, words);
  if (values.help) {
    stdout.write(USAGE);
    return 0;
  }
  const target = TARGETS.find((one) => one.name === values.target);
  if (target === undefined) {
    const given = values.target === undefined ? "" : `, not ${JSON.stringify(values.target)}`;
    throw new UsageError(`--target is one of ${NAMES.join(", ")}${given}`);
  }
  const paths = [...(values.file ?? []), ...positionals];
  if (paths.length === 0) throw new UsageError("name a file or a folder");
  const form = readForm(values.output, target);
  const { value: plans, problems } = await readPlans(
    paths,
    values.gateway === undefined ? {} : { gateway: values.gateway },
  );
  const rendered = renderAs(target, form, plans, {
    gatewayApi: { httpListener: values["http-listener"], grpcListener: values["grpc-listener"] },
  });
  const all = [...problems, ...rendered.problems];
  if (all.length > 0) stderr.write(`${formatProblems(all, stderr.columns)}\n\n`);
  stdout.write(rendered.value);
  return exitCodeOf(all);
}
