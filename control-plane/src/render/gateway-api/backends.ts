import {
  HEADER_BRANCH,
  HEADER_CLUSTER,
  HEADER_DECISION,
  HEADER_EXPLAIN,
  HEADER_FORCE,
  HEADER_PATH,
  HEADER_PREDICTOR,
  HEADER_ROUTE,
  HEADER_ROUTING,
  HEADER_SECRET,
  HEADER_SET_COOKIE,
  HEADER_SHADOW,
} from "#proto/vocabulary/headers.ts";
import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import type { ShadowEntry, SplitEntry } from "../../plan/traffic-plan.ts";
import type { JsonObject } from "../xds/resource.ts";

/** How a predictor is called; each has a port and a kind of route of its own. */
export type Transport = "http" | "grpc";

/** No filter of ours stands here: what only it may set is taken from every request, or a client could set it. At most 16. */
const CONTROL_HEADERS: readonly string[] = [
  HEADER_BRANCH,
  HEADER_CLUSTER,
  HEADER_DECISION,
  HEADER_EXPLAIN,
  HEADER_FORCE,
  HEADER_PATH,
  HEADER_PREDICTOR,
  HEADER_ROUTE,
  HEADER_ROUTING,
  HEADER_SECRET,
  HEADER_SET_COOKIE,
  HEADER_SHADOW,
];

/** The filter that every rule has. */
export const STRIP_CONTROL_HEADERS: JsonObject = {
  type: "RequestHeaderModifier",
  requestHeaderModifier: { remove: CONTROL_HEADERS },
};

function predictorNamed(plan: DeploymentPlan, name: string): PredictorPlan | undefined {
  return plan.predictors.find((one) => one.name === name);
}

function serviceRef({ serviceName, httpPort, grpcPort }: PredictorPlan, transport: Transport): JsonObject {
  return { name: serviceName, port: transport === "http" ? httpPort : grpcPort };
}

/** The Services of a split with their weights; a weight is always said, because its default is 1. */
export function backendRefs(
  plan: DeploymentPlan,
  split: readonly SplitEntry[],
  transport: Transport,
): readonly JsonObject[] {
  return split.flatMap(({ predictor, weight }) => {
    const found = predictorNamed(plan, predictor);
    return found === undefined ? [] : [{ ...serviceRef(found, transport), weight }];
  });
}

/** The largest denominator that 32 bits and three decimals of a percentage ask for. */
const FRACTION_OF = 100_000;

/** Absent means every request; whole percentages and fractions are known from Gateway API 1.3 on. */
function share(percent: number): JsonObject {
  if (percent === 100) return {};
  if (Number.isInteger(percent)) return { percent };
  return { fraction: { numerator: Math.max(1, Math.round(percent * (FRACTION_OF / 100))), denominator: FRACTION_OF } };
}

/** Whether all, none or some of the predictors that a split sends to are beside a shadow. */
function besideOf({ beside }: ShadowEntry, split: readonly SplitEntry[]): "all" | "none" | "some" {
  const answering = split.filter(({ weight }) => weight > 0);
  const inside = answering.filter(({ predictor }) => beside?.includes(predictor) ?? true).length;
  return inside === answering.length ? "all" : inside === 0 ? "none" : "some";
}

/** True when a rule with this split can copy to the shadow exactly as its policy says. */
export function canMirror(shadow: ShadowEntry, split: readonly SplitEntry[]): boolean {
  return (
    (shadow.conditions ?? []).length === 0 && shadow.maxBodyBytes === undefined && besideOf(shadow, split) !== "some"
  );
}

/** Copies to the shadows of a split. A shadow that needs more than a share gets none: too many copies would be worse. */
export function mirrors(
  plan: DeploymentPlan,
  split: readonly SplitEntry[],
  transport: Transport,
): readonly JsonObject[] {
  return plan.shadows.flatMap((shadow) => {
    const found = predictorNamed(plan, shadow.predictor);
    if (found === undefined || !canMirror(shadow, split) || besideOf(shadow, split) !== "all") return [];
    const requestMirror = { backendRef: serviceRef(found, transport), ...share(shadow.percent) };
    return [{ type: "RequestMirror", requestMirror }];
  });
}
