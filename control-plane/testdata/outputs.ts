import type { DeploymentPlan } from "../src/plan/deployment-plan.ts";
import { planAction, planProbe } from "../src/plan/probes.ts";
import {
  connectProbe,
  DEFAULT_PRE_STOP,
  LIVENESS_DELAY_SECONDS,
  READINESS_DELAY_SECONDS,
} from "../src/plan/workloads/graph-container.ts";
import type { Checked, Problem } from "../src/problem/problem.ts";
import { TARGETS } from "../src/render/targets.ts";
import { renderClusters } from "../src/render/xds/cluster.ts";
import { grpcRoutes, restRoutes } from "../src/render/xds/deployment-routes.ts";
import { DEFAULT_XDS_OPTIONS } from "../src/render/xds/options.ts";
import { renderXds } from "../src/render/xds/render.ts";
import type { Json, JsonObject } from "../src/render/xds/resource.ts";

/** What a case can ask for: the name of a file in `out/`, and how it comes about. */
export type Output = (plans: readonly DeploymentPlan[]) => Checked<Json>;

/** What stands in nearly every plan and says nothing. */
const USUAL = new Set(
  [
    ...["http", "grpc"].flatMap((port) => [
      planProbe(connectProbe(port, READINESS_DELAY_SECONDS)),
      planProbe(connectProbe(port, LIVENESS_DELAY_SECONDS)),
    ]),
    planAction(DEFAULT_PRE_STOP),
  ].map((value) => JSON.stringify(value)),
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

/** Headers that a route adds, as `name: value`. */
function shortHeaders(routes: readonly JsonObject[]): Json {
  return JSON.parse(JSON.stringify(routes), (key, value: unknown) => {
    if (key !== "response_headers_to_add" || !Array.isArray(value)) return value;
    const added = value as readonly { readonly header: { readonly key: string; readonly value: string } }[];
    return Object.fromEntries(added.map(({ header }) => [header.key, header.value]));
  }) as Json;
}

/** The routes of the gateway by deployment, without the lookup around them, which `xds` shows; clusters by name. */
function routes(plans: readonly DeploymentPlan[]): Checked<Json> {
  const value = plans.map((one) => ({
    deployment: one.key,
    hosts: one.hosts,
    clusters: renderClusters(one, DEFAULT_XDS_OPTIONS).map(({ name }) => name),
    rest: shortHeaders(restRoutes(one)),
    grpc: shortHeaders(grpcRoutes(one)),
  }));
  return { value, problems: renderXds(plans).problems };
}

/** Outputs by name: the targets, the plan itself, and the routes alone. */
export const OUTPUTS: ReadonlyMap<string, Output> = new Map([
  ["plan", plan],
  ["routes", routes],
  ...TARGETS.map((target): [string, Output] => [target.name, (plans) => target.render(plans)]),
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
