import { explainerRouteName } from "../../plan/names.ts";
import type { DeploymentPlan, Takeover } from "../../plan/deployment-plan.ts";
import type { SplitEntry } from "../../plan/traffic-plan.ts";
import { explainerUrlPrefix, FEEDBACK_PATHS, urlPrefix } from "../../plan/urls.ts";
import type { JsonObject } from "../xds/resource.ts";
import { backendRefs, mirrors, STRIP_CONTROL_HEADERS } from "./backends.ts";
import { gatewayDuration } from "./gateway-duration.ts";
import type { GatewayApiOptions } from "./options.ts";
import { routeObject } from "./route-object.ts";
import { matchRule, type MatchParts } from "./rule-match.ts";

/** Rules that one route may have. */
export const MAX_RULES = 16;
/** Rules that a split needs: one per feedback path, one for all else. */
export const RULES_PER_SPLIT = FEEDBACK_PATHS.length + 1;

/** Whose requests, narrowed by what, go to which predictors. */
interface Lane {
  /** Where the requests are addressed. */
  readonly prefix: string;
  readonly match: MatchParts;
  readonly split: readonly SplitEntry[];
}

const ANYTHING: MatchParts = { headers: [], queryParams: [] };

function matchOf({ headers, queryParams, method }: MatchParts, path: JsonObject): JsonObject {
  return {
    path,
    ...(headers.length === 0 ? {} : { headers }),
    ...(queryParams.length === 0 ? {} : { queryParams }),
    ...(method === undefined ? {} : { method }),
  };
}

function rewrite(path: JsonObject): JsonObject {
  return { type: "URLRewrite", urlRewrite: { path } };
}

/** Gateway API lets an implementation round. No limit of a single try: nothing would try again after it. */
function timeouts({ deadline }: DeploymentPlan): JsonObject {
  const request = deadline?.defaultMs ?? deadline?.maxMs;
  return request === undefined ? {} : { timeouts: { request: gatewayDuration(request) } };
}

function exactRule(plan: DeploymentPlan, { prefix, match, split }: Lane, path: string, feedback: boolean): JsonObject {
  return {
    matches: [matchOf(match, { type: "Exact", value: `${prefix}${path}` })],
    filters: [
      rewrite({ type: "ReplaceFullPath", replaceFullPath: `/${path}` }),
      STRIP_CONTROL_HEADERS,
      ...(feedback ? [] : mirrors(plan, split, "http")),
    ],
    backendRefs: backendRefs(plan, split, "http"),
    ...timeouts(plan),
  };
}

function prefixRule(plan: DeploymentPlan, { prefix, match, split }: Lane): JsonObject {
  return {
    matches: [matchOf(match, { type: "PathPrefix", value: prefix })],
    filters: [
      rewrite({ type: "ReplacePrefixMatch", replacePrefixMatch: "/" }),
      STRIP_CONTROL_HEADERS,
      ...mirrors(plan, split, "http"),
    ],
    backendRefs: backendRefs(plan, split, "http"),
    ...timeouts(plan),
  };
}

/** Feedback goes where the other requests of a client go, but nobody gets a copy of it. */
function feedbackRules(plan: DeploymentPlan, lane: Lane): readonly JsonObject[] {
  const paths = FEEDBACK_PATHS.map((path) => path.slice(1));
  const asked = lane.match.path;
  return paths.filter((path) => asked === undefined || asked === path).map((path) => exactRule(plan, lane, path, true));
}

function predictRule(plan: DeploymentPlan, lane: Lane): readonly JsonObject[] {
  const { path } = lane.match;
  if (path === undefined) return [prefixRule(plan, lane)];
  return FEEDBACK_PATHS.includes(`/${path}`) ? [] : [exactRule(plan, lane, path, false)];
}

/** The requests for another deployment that this one answers; undefined where a header counts by its presence alone. */
export function takeoverMatch({ headers }: Takeover): MatchParts | undefined {
  const exact = headers.flatMap(({ name, value }) =>
    value === undefined || value === "" ? [] : [{ type: "Exact", name, value }],
  );
  return exact.length === headers.length ? { headers: exact, queryParams: [] } : undefined;
}

/** The split of every policy rule that a route can say, in order, then what they leave. */
function lanesOf(plan: DeploymentPlan): readonly Lane[] {
  const prefix = urlPrefix(plan);
  const rules = plan.rules.flatMap((rule): readonly Lane[] => {
    const match = matchRule(rule, "http");
    return typeof match === "string" ? [] : [{ prefix, match, split: rule.split }];
  });
  const taken = plan.takeover === undefined ? undefined : takeoverMatch(plan.takeover);
  const target = plan.takeover?.deployment;
  const takeover: readonly Lane[] =
    taken === undefined || target === undefined
      ? []
      : [{ prefix: urlPrefix({ namespace: plan.namespace, name: target }), match: taken, split: plan.split }];
  const last = [...takeover, { prefix, match: ANYTHING, split: plan.split }];
  const room = Math.floor(MAX_RULES / RULES_PER_SPLIT) - last.length;
  return [...rules.slice(0, room), ...last];
}

/** The explainers of a deployment, a route each. */
function explainerRoutes(plan: DeploymentPlan, { httpListener }: GatewayApiOptions): readonly JsonObject[] {
  return plan.predictors.flatMap(({ name, explainer }) => {
    if (explainer === undefined) return [];
    const rule = {
      matches: [{ path: { type: "PathPrefix", value: explainerUrlPrefix(plan, name) } }],
      filters: [rewrite({ type: "ReplacePrefixMatch", replacePrefixMatch: "/" }), STRIP_CONTROL_HEADERS],
      backendRefs: [{ name: explainer.serviceName, port: explainer.httpPort, weight: 1 }],
    };
    return [routeObject("HTTPRoute", explainerRouteName(explainer.serviceName), plan, httpListener, [rule])];
  });
}

/** REST of a deployment: feedback first, then the policy's rules in order, then the split; then its explainers. */
export function renderHttpRoutes(plan: DeploymentPlan, options: GatewayApiOptions): readonly JsonObject[] {
  const lanes = lanesOf(plan);
  const rules = [
    ...lanes.flatMap((lane) => feedbackRules(plan, lane)),
    ...lanes.flatMap((lane) => predictRule(plan, lane)),
  ];
  const own = routeObject("HTTPRoute", plan.seldonId, plan, options.httpListener, rules);
  return [own, ...explainerRoutes(plan, options)];
}
