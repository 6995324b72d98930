import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { problem, type Checked, type Problem } from "../../problem/problem.ts";
import { findInexpressible } from "../features.ts";
import type { JsonObject } from "../xds/resource.ts";
import { grpcRouteName, renderGrpcRoute } from "./grpc-route.ts";
import { MAX_RULES, renderHttpRoutes, RULES_PER_SPLIT } from "./http-route.ts";
import { DEFAULT_GATEWAY_API_OPTIONS, type GatewayApiOptions } from "./options.ts";
import { MESH } from "./route-object.ts";
import { compareSpecificity, matchRule, type MatchParts } from "./rule-match.ts";

/** Names and places, which no table of features can know. */
function unplaced(plan: DeploymentPlan): readonly Problem[] {
  const found: Problem[] = [];
  const say = (message: string, hint: string): void => {
    found.push(problem("TargetInexpressible", { object: plan.key, message: `gateway-api: ${message}`, hint }));
  };
  if (plan.gateways.every((gateway) => gateway === MESH))
    say("no gateway is named, so nothing takes its routes up", "name a Gateway as namespace/name");
  if (plan.split.length > MAX_RULES) say(`a rule has at most ${MAX_RULES} backends`, "use fewer predictors");
  return found;
}

/** Exact matches that the schema of a route refuses all the same: of nothing, of one name twice, of odd characters. */
function unfitRules(plan: DeploymentPlan, told: readonly Problem[]): readonly Problem[] {
  return plan.rules.flatMap((rule) => {
    const isLost = (["http", "grpc"] as const).some((transport) => matchRule(rule, transport) === "inexpressible");
    if (!isLost || told.some(({ message }) => message.includes(`: rule ${rule.name}: `))) return [];
    const message = `gateway-api: rule ${rule.name}: not possible: a route cannot match exactly this`;
    return [problem("TargetInexpressible", { object: plan.key, message })];
  });
}

/** Rules that a route leaves out because it is full, and pairs that it asks in another order. */
function misplacedRules(plan: DeploymentPlan): readonly Problem[] {
  const said = plan.rules.flatMap((rule) => {
    const match = matchRule(rule, "http");
    return typeof match === "string" ? [] : [{ name: rule.name, match }];
  });
  const room = Math.floor(MAX_RULES / RULES_PER_SPLIT) - 1 - (plan.takeover === undefined ? 0 : 1);
  const full = said
    .slice(room)
    .map(({ name }) => `a route has ${MAX_RULES} rules at most, so the policy's rule ${name} is left out`);
  const order = said.slice(0, room).flatMap((late, index, kept) => swapped(late, kept.slice(0, index)));
  return [...full, ...order].map((text) => {
    const hint = "write fewer rules, the most specific first, or use Graphway's own gateway";
    return problem("TargetInexpressible", { object: plan.key, message: `gateway-api: ${text}`, hint });
  });
}

interface NamedMatch {
  readonly name: string;
  readonly match: MatchParts;
}

function swapped(late: NamedMatch, earlier: readonly NamedMatch[]): readonly string[] {
  const first = earlier.find((one) => compareSpecificity(late.match, one.match) > 0);
  return first === undefined
    ? []
    : [`the policy's rule ${late.name} is more specific than ${first.name}, so it is asked before it`];
}

/**
 * The routes of a deployment for any implementation of Gateway API (standard channel, version 1.3 for shares of shadows):
 * HTTPRoutes and a GRPCRoute in its own namespace, so no ReferenceGrant is needed for its Services.
 */
export function renderGatewayApi(
  plan: DeploymentPlan,
  options: Partial<GatewayApiOptions> = {},
): Checked<readonly JsonObject[]> {
  const settings = { ...DEFAULT_GATEWAY_API_OPTIONS, ...options };
  const value = [...renderHttpRoutes(plan, settings), renderGrpcRoute(plan, settings)];
  const told = findInexpressible(plan, "gateway-api");
  return { value, problems: [...told, ...unfitRules(plan, told), ...unplaced(plan), ...misplacedRules(plan)] };
}

/** Once per output: routes of both kinds on one listener, of which an implementation may take only one. */
export function sharedListenerProblems(
  plans: readonly DeploymentPlan[],
  options: Partial<GatewayApiOptions> = {},
): readonly Problem[] {
  const { httpListener, grpcListener } = { ...DEFAULT_GATEWAY_API_OPTIONS, ...options };
  if (plans.length === 0 || httpListener !== grpcListener) return [];
  const message = "HTTPRoutes and GRPCRoutes of the same hosts share their listeners; only one kind may be accepted";
  return [problem("GatewayApiListenerShared", { message })];
}

/** Once per output: a deployment `x.grpc` beside `x`, whose GRPCRoute is called so. */
export function sharedNameProblems(plans: readonly DeploymentPlan[]): readonly Problem[] {
  const httpRoutes = new Map(plans.map((plan) => [`${plan.namespace}/${plan.seldonId}`, plan]));
  return plans.flatMap((plan) => {
    const name = grpcRouteName(plan);
    const other = httpRoutes.get(`${plan.namespace}/${name}`);
    if (other === undefined) return [];
    const message = `gateway-api: the GRPCRoute of ${plan.key} and the HTTPRoute of ${other.key} are both called ${name}; Istio 1.31 takes up the HTTPRoute alone`;
    const hint = "give one of the deployments another name";
    return [problem("TargetInexpressible", { object: plan.key, path: "metadata.name", message, hint })];
  });
}
