import type { EnvVar } from "../src/model/kubernetes.ts";
import type { DeploymentPlan } from "../src/plan/deployment-plan.ts";
import { planAction, planProbe } from "../src/plan/probes.ts";
import { CONNECT_PROBES, DEFAULT_PRE_STOP, NODE_PORTS } from "../src/plan/workloads/graph-container.ts";
import type { Checked, Problem } from "../src/problem/problem.ts";
import { STRIP_CONTROL_HEADERS } from "../src/render/gateway-api/backends.ts";
import { TARGETS, type TargetOptions } from "../src/render/targets.ts";
import { renderClusters } from "../src/render/xds/cluster.ts";
import { explainerRoutes, grpcRoutes, restRoutes } from "../src/render/xds/deployment-routes.ts";
import { DEFAULT_XDS_OPTIONS } from "../src/render/xds/options.ts";
import { renderXds } from "../src/render/xds/render.ts";
import type { Json, JsonObject } from "../src/render/xds/resource.ts";

/** What a case can ask for: the name of a file in `out/`, and how it comes about. */
export type Output = (plans: readonly DeploymentPlan[], options: TargetOptions) => Checked<Json>;

/** What stands in nearly every plan and says nothing. */
const USUAL_PROBES = NODE_PORTS.flatMap((port) => Object.values(CONNECT_PROBES[port]));
const USUAL = new Set(
  [...USUAL_PROBES.map(planProbe), planAction(DEFAULT_PRE_STOP), ...USUAL_PROBES, { preStop: DEFAULT_PRE_STOP }].map(
    (value) => JSON.stringify(value),
  ),
);

function isDull(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return value === false || value === undefined;
  return Object.keys(value).length === 0 || USUAL.has(JSON.stringify(value));
}

/** The same without what is empty, false or usual. */
function elide(value: unknown): Json {
  if (Array.isArray(value)) return value.map(elide);
  if (typeof value !== "object" || value === null) return value as Json;
  const kept = Object.entries(value).filter(([, one]) => !isDull(one));
  return Object.fromEntries(kept.map(([key, one]) => [key, elide(one)]));
}

/** Variables as `NAME=value`, one line each. What runs in a cluster is the output `workloads`. */
function shortVariables(plans: readonly DeploymentPlan[]): unknown {
  return JSON.parse(JSON.stringify(plans), (key, value: unknown) => {
    if (key === "workloads") return undefined;
    if (key !== "env" || !Array.isArray(value)) return value;
    return value.map((one: { name: string; value?: string; from?: string }) => {
      return one.from === undefined ? `${one.name}=${one.value ?? ""}` : `${one.name} from ${one.from}`;
    });
  });
}

function plan(plans: readonly DeploymentPlan[]): Checked<Json> {
  return { value: elide(shortVariables(plans)), problems: [] };
}

/** The graph that an orchestrator is started with, by its predictor's name: the output `orchestrator` shows it. */
function shortVariable({ name, value, valueFrom }: EnvVar): Json {
  if (valueFrom !== undefined) return { name, valueFrom } as JsonObject;
  if (name !== "ENGINE_PREDICTOR" || value === undefined) return `${name}=${value ?? ""}`;
  const predictor = JSON.parse(Buffer.from(value, "base64").toString("utf8")) as { readonly name: string };
  return `${name}=<${predictor.name}>`;
}

/** Flags with their values: `--name value`. */
function shortFlags(args: readonly string[]): Json {
  const lines: string[] = [];
  for (const arg of args) {
    const last = lines.at(-1) ?? "";
    if (/^--\w+$/.test(last) && !arg.startsWith("-")) lines[lines.length - 1] = `${last} ${arg}`;
    else lines.push(arg);
  }
  return lines;
}

/** The same in every container that nobody wants otherwise. */
const DULL_FIELDS = new Set(["terminationMessagePath", "terminationMessagePolicy"]);

/** What runs in a cluster: variables and flags one line each, without probes and hooks that are as usual. */
function workloads(plans: readonly DeploymentPlan[], render: Output): Checked<Json> {
  const { value, problems } = render(plans, {});
  const short = JSON.parse(JSON.stringify(value), (key, one: unknown) => {
    if (DULL_FIELDS.has(key) || USUAL.has(JSON.stringify(one))) return undefined;
    if (key === "args" && Array.isArray(one)) return shortFlags(one as readonly string[]);
    return key === "env" && Array.isArray(one) ? one.map((variable: EnvVar) => shortVariable(variable)) : one;
  }) as Json;
  return { value: short, problems };
}

/** Rules of Gateway API all take the same headers away: one word for it. */
function gatewayApi(plans: readonly DeploymentPlan[], options: TargetOptions, render: Output): Checked<Json> {
  const { value, problems } = render(plans, options);
  const strip = JSON.stringify(STRIP_CONTROL_HEADERS);
  const short = JSON.parse(JSON.stringify(value), (_, one: unknown) =>
    JSON.stringify(one) === strip ? "take control headers away" : one,
  ) as Json;
  return { value: short, problems };
}

/** Headers that a route adds, as `name: value`. */
function shortHeaders(routes: readonly JsonObject[]): Json {
  return JSON.parse(JSON.stringify(routes), (key, value: unknown) => {
    if (key !== "response_headers_to_add" || !Array.isArray(value)) return value;
    const added = value as readonly { readonly header: { readonly key: string; readonly value: string } }[];
    return Object.fromEntries(added.map(({ header }) => [header.key, header.value]));
  }) as Json;
}

function explainers(plan: DeploymentPlan): JsonObject {
  const routes = explainerRoutes(plan).map(([, route]) => route);
  return routes.length === 0 ? {} : { explainers: routes };
}

/** The routes of the gateway by deployment, without the lookup around them, which `xds` shows; clusters by name. */
function routes(plans: readonly DeploymentPlan[]): Checked<Json> {
  const value = plans.map((one) => ({
    deployment: one.key,
    hosts: one.hosts,
    clusters: renderClusters([one], DEFAULT_XDS_OPTIONS).map(({ name }) => name),
    rest: shortHeaders(restRoutes(one)),
    grpc: shortHeaders(grpcRoutes(one)),
    ...explainers(one),
  }));
  return { value, problems: renderXds(plans).problems };
}

/** Outputs by name: the targets, the plan itself, and the routes alone. */
export const OUTPUTS: ReadonlyMap<string, Output> = new Map([
  ["plan", plan],
  ["routes", routes],
  ...TARGETS.map((target): [string, Output] => {
    const render: Output = (plans, options) => target.render(plans, options);
    if (target.name === "workloads") return [target.name, (plans) => workloads(plans, render)];
    if (target.name === "gateway-api") return [target.name, (plans, options) => gatewayApi(plans, options, render)];
    return [target.name, render];
  }),
]);

/** Problems as a case shows them: without hints, which docs/problems.md has. */
export function showProblems(problems: readonly Problem[]): Json {
  return problems.map(({ severity, code, object, path, position, message }) => ({
    problem: `${severity} ${code}`,
    object,
    ...(path === "" ? {} : { path }),
    ...(position === undefined ? {} : { line: position.line }),
    message,
  }));
}
