import { isDeepStrictEqual } from "node:util";
import { applyDecision, decide, randomFrom, type Choice, type Decision } from "#proto/route-table/decide.ts";
import { decodeRouteTable } from "#proto/route-table/decode.ts";
import type { RouteTable, TableDeployment, TablePredictor } from "#proto/route-table/model.ts";
import { parseForce } from "#proto/route-table/force.ts";
import { isGranted } from "#proto/route-table/grants.ts";
import { firstValue, namedValue, type Headers } from "#proto/route-table/request.ts";
import { HEADER_FORCE } from "#proto/vocabulary/headers.ts";
import { problem, type Checked, type Problem } from "../../problem/problem.ts";
import { hasNoBody, headersOf, type ExampleRequest } from "./example-request.ts";
import { startFilterVm } from "./filter-vm.ts";

/** What the filter needs to answer: its code, its table, and where its random numbers begin. */
export interface FilterInput {
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly table: Uint8Array;
  readonly seed: number;
}

/** Where a request goes, and why. */
export interface Explanation {
  readonly deployment: string;
  readonly transport: "rest" | "grpc";
  readonly kind: "predict" | "feedback";
  readonly predictor: string;
  /** What made the choice. */
  readonly by: Choice["by"];
  /** The policy's rule that took the request; absent: none did. */
  readonly rule?: string;
  /** The sticky key that the request showed, such as `header x-user`; absent: it showed none, or gets a cookie now. */
  readonly stickyKey?: string;
  /** Why what the client forces does not count; absent: it counts, or nothing is forced. */
  readonly forceIgnored?: string;
  /** Hash of the key of the split, eight hexadecimal digits. */
  readonly key: string;
  /** The split that counted, shares in percent. */
  readonly split: readonly { readonly predictor: string; readonly percent: number }[];
  /** Who gets a copy. */
  readonly shadows: readonly string[];
  /** What the filter does to the headers: `name: value`, and names. */
  readonly set: readonly string[];
  readonly removed: readonly string[];
  /** Hexadecimal, as in `x-graphway-route`. */
  readonly table: string;
}

/** Explains requests by running the very filter that Envoy runs. */
export interface Explainer {
  /**
   * Undefined for a request to no deployment of the table. A problem says so, or that filter and specification disagree, which
   * nothing that a user does may bring about; the filter's answer is the one that counts.
   */
  explain(request: ExampleRequest): Checked<Explanation | undefined>;
}

const bytesAsText = (text: string): string => Buffer.from(text, "latin1").toString("utf8");

function sharesOf(predictors: readonly TablePredictor[]): Explanation["split"] {
  const sum = predictors.reduce((total, one) => total + one.weight, 0);
  return predictors.map(({ name, weight }) => ({
    predictor: name,
    percent: Number(((weight / sum) * 100).toFixed(2)),
  }));
}

function shownKey({ stickyKeys }: TableDeployment, headers: Headers): Pick<Explanation, "stickyKey"> {
  const shown = stickyKeys.find(({ kind, name }) => (namedValue(headers, { on: kind, name }) ?? "") !== "");
  return shown === undefined ? {} : { stickyKey: `${shown.kind} ${shown.name}` };
}

function ignoredForce({ permits, predictors }: TableDeployment, headers: Headers): Pick<Explanation, "forceIgnored"> {
  const text = firstValue(headers, HEADER_FORCE);
  if (text === undefined) return {};
  if (permits.force.length === 0)
    return { forceIgnored: "no client of this deployment may force (RoutePolicy permits.force)" };
  if (!isGranted(permits.force, headers))
    return { forceIgnored: "this client may not force: it shows none of what permits.force asks for" };
  const names = predictors.map(({ name }) => name);
  if (parseForce(text, names) !== undefined) return {};
  const form = `predictor=<${names.join(" or ")}>, <node>=<branch> and shadow=off, each at most once`;
  return { forceIgnored: `${HEADER_FORCE}: ${text} can't be read; it is made of ${form}` };
}

function explanationOf(
  table: RouteTable,
  decision: Decision,
  before: Headers,
  after: Headers,
): Explanation | undefined {
  const { choice } = decision;
  const deployment = table.deployments.find((one) => one.key === choice?.call.deployment);
  if (choice === undefined || deployment === undefined) return undefined;
  const rule = choice.rule?.rule;
  const names = new Set(after.map(([name]) => name));
  return {
    deployment: deployment.key,
    transport: choice.call.transport === "http" ? "rest" : "grpc",
    kind: choice.call.kind,
    predictor: choice.predictor.name,
    by: choice.by,
    ...(rule === undefined ? {} : { rule: rule.name }),
    ...shownKey(deployment, before),
    ...ignoredForce(deployment, before),
    key: choice.key.toString(16).padStart(8, "0"),
    split: sharesOf(rule?.predictors ?? deployment.predictors),
    shadows: choice.shadows.map(({ name }) => name),
    set: after.filter((pair) => !before.includes(pair)).map(([name, value]) => `${name}: ${bytesAsText(value)}`),
    removed: [...new Set(before.map(([name]) => name))].filter((name) => !names.has(name)),
    table: table.generation.toString(16),
  };
}

function disagreement(request: ExampleRequest, filtered: Headers, specified: Headers): readonly Problem[] {
  if (isDeepStrictEqual(filtered, specified)) return [];
  const show = (headers: Headers): string => JSON.stringify(headers.filter(([name]) => name.startsWith("x-")));
  const message = `the compiled filter gives ${show(filtered)}, its specification ${show(specified)}`;
  return [problem("FilterDisagrees", { object: `${request.namespace}/${request.name}`, message })];
}

function notFound({ namespace, name }: ExampleRequest, table: RouteTable): Problem {
  const keys = table.deployments.map(({ key }) => key);
  const message = `the filter finds no deployment for this request; its table has ${keys.slice(0, 20).join(", ") || "none"}`;
  return problem("RequestToNobody", { object: `${namespace}/${name}`, message });
}

/** Starts the filter with a table; undefined, with a problem, when one of the two cannot be used. */
export function createExplainer({ wasm, table: bytes, seed }: FilterInput): Checked<Explainer | undefined> {
  const decoded = decodeRouteTable(bytes);
  const refused = (message: string) => ({
    value: undefined,
    problems: [problem("FilterTableUnreadable", { message })],
  });
  if (!decoded.ok) return refused(decoded.reason);
  const { table } = decoded;
  const vm = startFilterVm(wasm, bytes, seed);
  if (vm === undefined) return refused("the compiled filter refuses it");
  const random = randomFrom(seed);
  return {
    value: {
      explain(request) {
        const headers = headersOf(request);
        const endOfStream = hasNoBody(request);
        const decision = decide(table, headers, random, endOfStream);
        const after = vm.request(headers, endOfStream);
        const problems = disagreement(request, after, applyDecision(headers, decision));
        const value = explanationOf(table, decision, headers, after);
        return { value, problems: value === undefined ? [...problems, notFound(request, table)] : problems };
      },
    },
    problems: [],
  };
}
