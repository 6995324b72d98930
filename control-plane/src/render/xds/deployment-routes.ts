import {
  HEADER_CLUSTER,
  HEADER_DECISION,
  HEADER_PREDICTOR,
  HEADER_ROUTE,
  HEADER_SET_COOKIE,
} from "#proto/vocabulary/headers.ts";
import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import type { SplitEntry } from "../../plan/traffic-plan.ts";
import { clusterName, explainerClusterName, type ClusterKind } from "../../plan/names.ts";
import { explainerUrlPrefix, FEEDBACK_PATHS, GRPC_FEEDBACK_PATH, urlPrefix } from "../../plan/urls.ts";
import { bypassRoutes } from "./bypass-routes.ts";
import { answeredBy, common, echo, listed, type CallShape } from "./call-route.ts";
import { fixedMirrors, mirrorCount, mirrorsByHeader } from "./mirrors.ts";
import { handedOn, isBare, routeFilters, unread } from "./model-headers.ts";
import type { JsonObject } from "./resource.ts";
import { NO_RETRIES } from "./retry-policy.ts";
import { reused } from "./reused.ts";

/**
 * What the filter said, echoed on every route; Envoy adds none for a header that is absent. Routes that the filter did not
 * decide for take the headers from the request.
 */
export const ECHOES: readonly JsonObject[] = [HEADER_PREDICTOR, HEADER_ROUTE, HEADER_DECISION].map((header) =>
  echo(header, `%REQ(${header})%`),
);

/** What the filter decided for a deployment whose URLs another one answers, or an explainer: not true of them. */
const ANOTHERS_DECISION: readonly string[] = [HEADER_PREDICTOR, HEADER_ROUTE, HEADER_DECISION, HEADER_SET_COOKIE];

/** Feedback makes no copies, so beside shadows it has routes of its own. No retry policy lets it be tried again. */
function hasFeedbackRoutes({ shadows }: DeploymentPlan): boolean {
  return shadows.length > 0;
}

function restCalls(plan: DeploymentPlan, prefix: string): readonly CallShape[] {
  const paths = hasFeedbackRoutes(plan) ? FEEDBACK_PATHS : [];
  const feedback = paths.map((path): CallShape => {
    return { kind: "http", match: { path: `${prefix}${path.slice(1)}` }, rewrite: path, feedback: true };
  });
  return [...feedback, { kind: "http", match: { prefix }, rewrite: "/", feedback: false }];
}

function grpcCalls(plan: DeploymentPlan): readonly CallShape[] {
  const feedback: CallShape = { kind: "grpc", match: { path: GRPC_FEEDBACK_PATH }, feedback: true };
  return [...(hasFeedbackRoutes(plan) ? [feedback] : []), { kind: "grpc", match: { prefix: "/" }, feedback: false }];
}

const IS_DECIDED: JsonObject = reused({ name: HEADER_CLUSTER, present_match: true });

/** The filter has decided: go where it says. */
function decidedRoute(plan: DeploymentPlan, call: CallShape): JsonObject {
  const { removed, added } = handedOn(plan, isBare(plan));
  return {
    match: { ...call.match, headers: [IS_DECIDED] },
    route: {
      cluster_header: HEADER_CLUSTER,
      ...common(plan, call, true),
      ...listed("request_mirror_policies", call.feedback ? [] : mirrorsByHeader(mirrorCount(plan))),
    },
    ...routeFilters(plan, isBare(plan)),
    ...listed("request_headers_to_remove", removed),
    ...listed("response_headers_to_add", [...added, ...answeredBy(plan)]),
  };
}

function weightedCluster(plan: DeploymentPlan, entry: SplitEntry, kind: ClusterKind): JsonObject {
  return {
    name: clusterName(plan.namespace, plan.name, entry.predictor, kind),
    weight: entry.weight,
    response_headers_to_add: [echo(HEADER_PREDICTOR, entry.predictor), ...answeredBy(plan)],
  };
}

/** The filter is away: Envoy's own split, with Seldon's mirror. */
function fallbackRoute(plan: DeploymentPlan, call: CallShape): JsonObject {
  const clusters = plan.split.map((entry) => weightedCluster(plan, entry, call.kind));
  return {
    match: call.match,
    route: {
      weighted_clusters: { clusters },
      ...common(plan, call, false),
      ...listed("request_mirror_policies", call.feedback ? [] : fixedMirrors(plan, call.kind)),
    },
    ...routeFilters(plan, isBare(plan)),
    ...listed("request_headers_to_remove", unread(isBare(plan))),
  };
}

function routes(plan: DeploymentPlan, calls: readonly CallShape[]): readonly JsonObject[] {
  return calls.flatMap((call) => [decidedRoute(plan, call), fallbackRoute(plan, call)]);
}

/** Routes of a deployment for calls below its URL prefix. */
export function restRoutes(plan: DeploymentPlan): readonly JsonObject[] {
  return [...bypassRoutes(plan, "http"), ...routes(plan, restCalls(plan, urlPrefix(plan)))];
}

/** Routes of a deployment for those requests of another one that it answers: they go where Envoy's own split says. */
function takeoverRoutes(plan: DeploymentPlan, calls: readonly CallShape[]): readonly JsonObject[] {
  const headers = (plan.takeover?.headers ?? []).map(({ name, value }) =>
    value === undefined ? { name, present_match: true } : { name, string_match: { exact: value } },
  );
  return calls.map((call) => ({
    ...fallbackRoute(plan, { ...call, match: { ...call.match, headers } }),
    request_headers_to_remove: ANOTHERS_DECISION,
  }));
}

/** Routes of a deployment that answers some requests below another one's URL prefix. */
export function restTakeover(plan: DeploymentPlan, prefix: string): readonly JsonObject[] {
  return takeoverRoutes(plan, restCalls(plan, prefix));
}

/** Routes of a deployment that answers some gRPC calls for another one. */
export function grpcTakeover(plan: DeploymentPlan): readonly JsonObject[] {
  return takeoverRoutes(plan, grpcCalls(plan));
}

/** The route to an explainer. The filter may have chosen for a deployment whose URLs lie above; that is not for it. */
function explainerRoute(plan: DeploymentPlan, predictor: PredictorPlan, prefix: string): JsonObject {
  return {
    match: { prefix },
    route: {
      cluster: explainerClusterName(plan.namespace, plan.name, predictor.name),
      prefix_rewrite: "/",
      timeout: "0s",
      retry_policy: NO_RETRIES,
    },
    request_headers_to_remove: ANOTHERS_DECISION,
  };
}

/** The explainers of a deployment: the route of each by its URL prefix. */
export function explainerRoutes(plan: DeploymentPlan): readonly (readonly [prefix: string, route: JsonObject])[] {
  const explained = plan.predictors.filter((predictor) => predictor.explainer !== undefined);
  return explained.map((predictor) => {
    const prefix = explainerUrlPrefix(plan, predictor.name);
    return [prefix, explainerRoute(plan, predictor, prefix)];
  });
}

/** Routes of a deployment for gRPC calls that name it by metadata, health and reflection included. */
export function grpcRoutes(plan: DeploymentPlan): readonly JsonObject[] {
  return [...bypassRoutes(plan, "grpc"), ...routes(plan, grpcCalls(plan))];
}
