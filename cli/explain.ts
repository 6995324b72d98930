import { randomInt, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { findLiveDeployments, planLiveDeployment } from "../control-plane/src/app/explain-cluster.ts";
import { NoClusterAccess } from "../control-plane/src/kubernetes-api/cluster-access.ts";
import { connectToCluster } from "../control-plane/src/kubernetes-api/connect.ts";
import type { DeploymentPlan } from "../control-plane/src/plan/deployment-plan.ts";
import { hasErrors, type Checked, type Problem } from "../control-plane/src/problem/problem.ts";
import { distribute } from "../control-plane/src/render/explain/distribution.ts";
import type { ExampleRequest } from "../control-plane/src/render/explain/example-request.ts";
import { createExplainer, type Explainer } from "../control-plane/src/render/explain/explain.ts";
import { readRouteTable } from "../control-plane/src/render/filter-table/read.ts";
import { renderGatewayTable } from "../control-plane/src/render/targets.ts";
import { describeDistribution, describeExplanation } from "./describe-explanation.ts";
import { findTakeover } from "./find-takeover.ts";
import { exitCodeOf } from "./exit-code.ts";
import { formatProblems } from "./problem-list.ts";
import { readPlans } from "./read-plans.ts";
import { parseWords, UsageError } from "./words.ts";

const USAGE = `Usage: graphway explain [<namespace>/]<name> -f <file or folder>... [request]
       graphway explain [<namespace>/]<name> --cluster [request]
       graphway explain [<namespace>/]<name> --table <file> [request]

Says where a request goes and why: rule, key, split, predictor, shadows, retries, deadline, and what becomes of its headers. It runs
the very filter that Envoy runs, on this machine; nothing is sent to anybody. The namespace may be left out where only one
deployment has the name.

  -f, --file <path>      manifests, RoutePolicies too, or - for standard input; may be given more than once
      --cluster          the live SeldonDeployment and its RoutePolicies (--kubeconfig <path>, --context <name>)
      --table <file>     a route table as bytes: graphway render -t filter-table -o bytes

The request:
      --path <path>      below the deployment's own (default /api/v1.0/predictions)
      --grpc <method>    gRPC instead, such as seldon.protos.Seldon/Predict
      --method <method>  of HTTP (default POST)
      --header <n=v>, --cookie <n=v>, --query <n=v>   may be given more than once
      --request-id <id>  x-request-id (default: a new one, as Envoy would make)

      --repeat <n>       asks for n requests of different ids, and says how many went where (up to 1000000)
      --json             the answer as data

Exit code: 0 answered, 1 no answer: the deployment is not there or has an error, 2 wrong usage or what cannot be read.
`;

const LIST = { type: "string", multiple: true, default: [] as string[] } as const;
const OPTIONS = {
  file: { type: "string", short: "f", multiple: true, default: [] as string[] },
  cluster: { type: "boolean", default: false },
  kubeconfig: { type: "string" },
  context: { type: "string" },
  table: { type: "string" },
  path: { type: "string" },
  grpc: { type: "string" },
  method: { type: "string", default: "POST" },
  header: LIST,
  cookie: LIST,
  query: LIST,
  "request-id": { type: "string" },
  repeat: { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Where answers and problems are written. */
export interface Output {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown; readonly columns?: number };
}

type Values = ReturnType<typeof parseWords<typeof OPTIONS>>["values"];

const FILTER = join(dirname(fileURLToPath(import.meta.url)), "..", "build", "filter", "filter.wasm");
const MAX_REPEAT = 1_000_000;

function pairOf(option: string, text: string): readonly [string, string] {
  const found = /^([^=:]+)[=:]\s*(.*)$/s.exec(text);
  if (found === null) throw new UsageError(`--${option} is name=value, not ${JSON.stringify(text)}`);
  return [found[1] ?? "", found[2] ?? ""];
}

function readRequest(values: Values): Omit<ExampleRequest, "namespace" | "name"> {
  const { path, grpc } = values;
  if (path !== undefined && grpc !== undefined) throw new UsageError("a request has --path or --grpc, not both");
  const pairs = (option: "header" | "cookie" | "query") => values[option].map((text) => pairOf(option, text));
  return {
    call: grpc === undefined ? { kind: "rest", path: path ?? "/api/v1.0/predictions" } : { kind: "grpc", method: grpc },
    method: values.method,
    headers: pairs("header"),
    cookies: pairs("cookie"),
    query: pairs("query"),
    requestId: values["request-id"] ?? randomUUID(),
  };
}

function readRepeat({ repeat }: Values): number | undefined {
  if (repeat === undefined) return undefined;
  const times = Number(repeat);
  if (!Number.isInteger(times) || times < 1 || times > MAX_REPEAT)
    throw new UsageError(`--repeat is a whole number from 1 to ${MAX_REPEAT}, not ${JSON.stringify(repeat)}`);
  return times;
}

/** What is asked for is not there: no mistake of how it was asked. */
class NotThere extends Error {}

/** One deployment. Without a namespace: whichever has the name, if only one has. */
interface Asked {
  readonly namespace?: string;
  readonly name: string;
}

function readKey(positionals: readonly string[]): Asked {
  const [key = "", ...stray] = positionals;
  const parts = key.split("/");
  if (parts.includes("") || parts.length > 2 || stray.length > 0)
    throw new UsageError("name one deployment as <namespace>/<name>, or as <name>");
  const [first = "", second] = parts;
  return second === undefined ? { name: first } : { namespace: first, name: second };
}

/** The namespace of the deployment among these, `<namespace>/<name>`. */
function namespaceAmong({ namespace, name }: Asked, keys: readonly string[]): string {
  if (namespace !== undefined) return namespace;
  const found = [...new Set(keys)].filter((key) => key.endsWith(`/${name}`));
  const [only] = found;
  if (only === undefined) throw new NotThere(`no deployment is called ${name}; there are ${keys.join(", ") || "none"}`);
  if (found.length > 1) throw new UsageError(`${name} may be ${found.join(" or ")}: say which`);
  return only.slice(0, -name.length - 1);
}

async function readLive(values: Values, asked: Asked): Promise<Checked<readonly DeploymentPlan[]>> {
  const { kubeconfig, context } = values;
  const choice = { ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) };
  let client;
  try {
    client = await connectToCluster(choice, {});
  } catch (error) {
    if (error instanceof NoClusterAccess) throw new UsageError(error.message, { cause: error });
    throw error;
  }
  try {
    const namespace = asked.namespace ?? namespaceAmong(asked, await findLiveDeployments(client, asked.name));
    return await planLiveDeployment(client, { namespace, name: asked.name });
  } catch (error) {
    if (error instanceof UsageError || error instanceof NotThere) throw error;
    throw new UsageError(`the cluster can't be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    await client.close();
  }
}

/** A table, and the plans that it was made of where they are known. */
interface Answerer {
  readonly table: Uint8Array;
  readonly plans: readonly DeploymentPlan[];
  readonly namespace: string;
}

async function readFileOr(path: string, advice: string): Promise<Buffer<ArrayBuffer>> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}${advice}`, { cause: error });
  }
}

/** Undefined: what was given can't be read; problems say why. */
async function readAnswerer(values: Values, asked: Asked): Promise<Checked<Answerer | undefined>> {
  const given = [values.file.length > 0, values.cluster, values.table !== undefined].filter(Boolean).length;
  if (given !== 1) throw new UsageError("give one of -f, --cluster and --table");
  if (values.table !== undefined) {
    const table = await readFileOr(values.table, "");
    const keys = readRouteTable(table).value?.deployments.map(({ key }) => key) ?? [];
    // What is no table is told by whoever is to answer from it.
    const namespace = keys.length === 0 ? (asked.namespace ?? "") : namespaceAmong(asked, keys);
    return { value: { table, plans: [], namespace }, problems: [] };
  }
  const { value: plans, problems } = values.cluster ? await readLive(values, asked) : await readPlans(values.file);
  if (problems.some(({ code }) => code === "SourceUnreadable")) return { value: undefined, problems };
  const namespace = namespaceIn(plans, problems, asked);
  const table = renderGatewayTable(plans);
  return { value: { table: table.value, plans, namespace }, problems: [...problems, ...table.problems] };
}

/** Deployments with errors have no plan, but a name. */
function namespaceIn(plans: readonly DeploymentPlan[], problems: readonly Problem[], asked: Asked): string {
  const failed = problems.map(({ object }) => object).filter((key) => key.endsWith(`/${asked.name}`));
  return namespaceAmong(asked, [...plans.map(({ key }) => key), ...failed]);
}

function say(problems: readonly Problem[], { stderr }: Output): void {
  if (problems.length > 0) stderr.write(`${formatProblems(problems, stderr.columns)}\n\n`);
}

function answer(
  explainer: Explainer,
  request: ExampleRequest,
  plans: readonly DeploymentPlan[],
  values: Values,
  output: Output,
): number {
  const { stdout } = output;
  const times = readRepeat(values);
  const taker = findTakeover(request, plans);
  const takenOver = taker === undefined ? {} : { answeredBy: taker };
  if (times === undefined) {
    const { value, problems } = explainer.explain(request);
    say(problems, output);
    if (value === undefined) return 1;
    const plan = plans.find((one) => one.key === `${request.namespace}/${request.name}`);
    const retry = plan?.retry;
    const whole = {
      ...value,
      ...takenOver,
      requestId: request.requestId,
      ...(retry === undefined ? {} : { retry }),
    };
    stdout.write(
      values.json ? `${JSON.stringify(whole, undefined, 2)}\n` : describeExplanation(value, request, plan, taker),
    );
    return hasErrors(problems) ? 1 : 0;
  }
  const ids = Array.from({ length: times }, () => randomUUID());
  const { value, problems } = distribute(explainer, request, ids);
  say(problems, output);
  if (hasErrors(problems)) return 1;
  const whole = { ...value, ...takenOver };
  stdout.write(values.json ? `${JSON.stringify(whole, undefined, 2)}\n` : describeDistribution(value, taker));
  return 0;
}

/** `graphway explain`. */
export async function run(words: readonly string[], output: Output = process): Promise<number> {
  try {
    return await explain(words, output);
  } catch (error) {
    if (!(error instanceof NotThere)) throw error;
    output.stderr.write(`graphway explain: ${error.message}\n`);
    return 1;
  }
}

async function explain(words: readonly string[], output: Output): Promise<number> {
  const { values, positionals } = parseWords(OPTIONS, words);
  if (values.help) {
    output.stdout.write(USAGE);
    return 0;
  }
  const asked = readKey(positionals);
  const call = readRequest(values);
  readRepeat(values);
  const { value: answerer, problems } = await readAnswerer(values, asked);
  if (answerer === undefined) {
    say(problems, output);
    return exitCodeOf(problems);
  }
  const { namespace } = answerer;
  const request = { ...call, namespace, name: asked.name };
  const key = `${namespace}/${asked.name}`;
  const own = problems.filter((one) => one.object === "" || one.object === key);
  const wasm = new Uint8Array(await readFileOr(FILTER, "; npm run build makes the filter"));
  const seed = randomInt(1, 2 ** 32);
  const explainer = createExplainer({ wasm, table: answerer.table, seed });
  say([...own, ...explainer.problems], output);
  if (explainer.value === undefined) return 1;
  return answer(explainer.value, request, answerer.plans, values, output);
}
