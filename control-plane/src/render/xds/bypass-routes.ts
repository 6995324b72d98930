import { HEADER_CLUSTER, HEADER_PREDICTOR } from "#proto/vocabulary/headers.ts";
import { bypassCalls, bypassed, type BypassCall, type Bypassed } from "../../plan/bypass-calls.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { clusterName, modelClusterName, type ClusterKind } from "../../plan/names.ts";
import { urlPrefix } from "../../plan/urls.ts";
import { answersOfBypass, ORCHESTRATOR_HEADERS, PUID, PUID_HEADER } from "../bypass-headers.ts";
import { answeredBy, common, echo, listed, type CallShape } from "./call-route.ts";
import { handedOn, routeFilters, unread } from "./model-headers.ts";
import type { JsonObject } from "./resource.ts";

const KIND_OF: Readonly<Record<BypassCall["transport"], ClusterKind>> = { rest: "http", grpc: "grpc" };

/** POST and nothing that only the orchestrator answers. */
const FOR_MODEL: readonly JsonObject[] = [
  { name: ":method", string_match: { exact: "POST" } },
  ...ORCHESTRATOR_HEADERS.map((name) => ({ name, present_match: true, invert_match: true })),
];

function shapeOf(plan: DeploymentPlan, { transport, path, modelPath, feedback }: BypassCall): CallShape {
  const called = transport === "rest" ? `${urlPrefix(plan).slice(0, -1)}${path}` : path;
  return { kind: KIND_OF[transport], match: { path: called }, rewrite: modelPath, feedback };
}

/** The id of a request that has none, as the orchestrator would make one up for its nodes. */
const WITH_PUID: JsonObject = { header: { key: PUID_HEADER, value: PUID }, append_action: "ADD_IF_ABSENT" };

function answers(predictor: Bypassed, { kind }: CallShape): readonly JsonObject[] {
  return answersOfBypass(predictor.bypass, kind === "http" ? "rest" : "grpc").map(([name, value]) => echo(name, value));
}

function modelCluster({ namespace, name }: DeploymentPlan, predictor: Bypassed, kind: ClusterKind): string {
  return modelClusterName(namespace, name, predictor.name, kind);
}

/** The filter chose this predictor: cluster and path change as one, whatever table the filter has. */
function decidedRoute(plan: DeploymentPlan, predictor: Bypassed, call: CallShape): JsonObject {
  const chosen = clusterName(plan.namespace, plan.name, predictor.name, call.kind);
  const { removed, added } = handedOn(plan, true);
  return {
    match: { ...call.match, headers: [{ name: HEADER_CLUSTER, string_match: { exact: chosen } }, ...FOR_MODEL] },
    route: { cluster: modelCluster(plan, predictor, call.kind), ...common(plan, call, true) },
    ...routeFilters(plan, true),
    request_headers_to_add: [WITH_PUID],
    ...listed("request_headers_to_remove", removed),
    response_headers_to_add: [...answers(predictor, call), ...added, ...answeredBy(plan)],
  };
}

/** The filter is away: Envoy's own split between the models. */
function fallbackRoute(plan: DeploymentPlan, predictors: readonly Bypassed[], call: CallShape): JsonObject {
  const clusters = plan.split.flatMap(({ predictor, weight }) => {
    const found = predictors.find((one) => one.name === predictor);
    if (found === undefined) return [];
    const said = [echo(HEADER_PREDICTOR, predictor), ...answers(found, call), ...answeredBy(plan)];
    return [{ name: modelCluster(plan, found, call.kind), weight, response_headers_to_add: said }];
  });
  return {
    match: { ...call.match, headers: FOR_MODEL },
    route: { weighted_clusters: { clusters }, ...common(plan, call, false) },
    ...routeFilters(plan, true),
    request_headers_to_add: [WITH_PUID],
    ...listed("request_headers_to_remove", unread(true)),
  };
}

/** Routes of the calls that go past the orchestrators of a deployment; they stand before those of all others. */
export function bypassRoutes(plan: DeploymentPlan, kind: ClusterKind): readonly JsonObject[] {
  const predictors = bypassed(plan);
  return bypassCalls(plan)
    .filter(({ transport }) => KIND_OF[transport] === kind)
    .map((call) => shapeOf(plan, call))
    .flatMap((call) => [
      ...predictors.map((predictor) => decidedRoute(plan, predictor, call)),
      fallbackRoute(plan, predictors, call),
    ]);
}
