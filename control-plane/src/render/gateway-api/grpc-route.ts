import { HEADER_NAMESPACE, HEADER_SELDON } from "#proto/vocabulary/headers.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { SplitEntry } from "../../plan/traffic-plan.ts";
import { GRPC_FEEDBACK_PATH } from "../../plan/urls.ts";
import type { JsonObject } from "../xds/resource.ts";
import { backendRefs, mirrors, STRIP_CONTROL_HEADERS } from "./backends.ts";
import { MAX_RULES, takeoverMatch } from "./http-route.ts";
import type { GatewayApiOptions } from "./options.ts";
import { routeObject } from "./route-object.ts";
import { matchRule, type MatchParts } from "./rule-match.ts";

const FEEDBACK = GRPC_FEEDBACK_PATH.slice(1);
const ANYTHING: MatchParts = { headers: [], queryParams: [] };

interface Lane {
  /** The name that callers give in their metadata. */
  readonly deployment: string;
  readonly match: MatchParts;
  readonly split: readonly SplitEntry[];
}

function methodMatch(path: string | undefined): JsonObject {
  if (path === undefined) return {};
  const [service = "", method = ""] = path.split("/");
  return { method: { type: "Exact", service, method } };
}

function ruleOf(plan: DeploymentPlan, lane: Lane, path: string | undefined, feedback: boolean): JsonObject {
  const metadata = [
    { type: "Exact", name: HEADER_SELDON, value: lane.deployment },
    { type: "Exact", name: HEADER_NAMESPACE, value: plan.namespace },
  ];
  return {
    matches: [{ ...methodMatch(path), headers: [...metadata, ...lane.match.headers] }],
    filters: [STRIP_CONTROL_HEADERS, ...(feedback ? [] : mirrors(plan, lane.split, "grpc"))],
    backendRefs: backendRefs(plan, lane.split, "grpc"),
  };
}

function lanesOf(plan: DeploymentPlan): readonly Lane[] {
  const rules = plan.rules.flatMap((rule): readonly Lane[] => {
    const match = matchRule(rule, "grpc");
    return typeof match === "string" ? [] : [{ deployment: plan.name, match, split: rule.split }];
  });
  const taken = plan.takeover === undefined ? undefined : takeoverMatch(plan.takeover);
  const takeover: readonly Lane[] =
    taken === undefined || plan.takeover === undefined
      ? []
      : [{ deployment: plan.takeover.deployment, match: taken, split: plan.split }];
  const last = [...takeover, { deployment: plan.name, match: ANYTHING, split: plan.split }];
  return [...rules.slice(0, MAX_RULES / 2 - last.length), ...last];
}

/**
 * Not the name of the HTTPRoute, and none that a deployment's is likely to have: of an HTTPRoute and a GRPCRoute with one name Istio (1.31)
 * takes up the first alone, and says of both that they are accepted.
 */
export function grpcRouteName({ seldonId }: DeploymentPlan): string {
  return `${seldonId}.grpc`;
}

/** gRPC of a deployment, by its metadata: feedback first, then the policy's rules in order, then every method. */
export function renderGrpcRoute(plan: DeploymentPlan, options: GatewayApiOptions): JsonObject {
  const lanes = lanesOf(plan);
  const feedback = lanes
    .filter(({ match }) => match.path === undefined || match.path === FEEDBACK)
    .map((lane) => ruleOf(plan, lane, FEEDBACK, true));
  const others = lanes
    .filter(({ match }) => match.path !== FEEDBACK)
    .map((lane) => ruleOf(plan, lane, lane.match.path, false));
  return routeObject("GRPCRoute", grpcRouteName(plan), plan, options.grpcListener, [...feedback, ...others]);
}
