import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { LimitsPlan } from "../../plan/traffic-plan.ts";
import { duration } from "../duration.ts";
import { memoized } from "./memo.ts";
import { groupPlans, type PlanGroup } from "./plan-groups.ts";
import type { JsonObject, XdsResource } from "./resource.ts";
import { TYPE } from "./type-urls.ts";

/** Name of the HTTP filter that counts requests, and of its ECDS resource. */
export const RATE_LIMITS_NAME = "graphway.limits";

const DESCRIPTOR_KEY = "deployment";
const ALWAYS: JsonObject = { default_value: { numerator: 100, denominator: "HUNDRED" } };

/** A bucket that fills evenly; what is below one per second, or broken, is one per so many milliseconds. */
function tokenBucket(requestsPerSecond: number, burst: number | undefined): JsonObject {
  const whole = Number.isInteger(requestsPerSecond);
  return {
    max_tokens: burst ?? Math.max(1, Math.ceil(requestsPerSecond)),
    tokens_per_fill: whole ? requestsPerSecond : 1,
    fill_interval: whole ? "1s" : duration(Math.max(1, Math.round(1000 / requestsPerSecond))),
  };
}

function descriptor(key: string, { requestsPerSecond, burst }: LimitsPlan): readonly JsonObject[] {
  if (requestsPerSecond === undefined) return [];
  const entries = [{ key: DESCRIPTOR_KEY, value: key }];
  return [{ entries, token_bucket: tokenBucket(requestsPerSecond, burst) }];
}

const descriptorsOf = memoized((group: PlanGroup) =>
  group.flatMap(({ key, limits }) => (limits === undefined ? [] : descriptor(key, limits))),
);

/**
 * The requests per second of every deployment, for ECDS: REST, gRPC and feedback of a deployment share a bucket, on
 * every port, and no other edit than one of limits fills it anew. Each Envoy counts for itself. Too many: 429, or
 * RESOURCE_EXHAUSTED.
 */
export function renderRateLimits(plans: readonly DeploymentPlan[]): XdsResource {
  const typedConfig = {
    "@type": TYPE.localRateLimit,
    stat_prefix: "graphway_limits",
    filter_enabled: ALWAYS,
    filter_enforced: ALWAYS,
    descriptors: groupPlans(plans).flatMap(descriptorsOf),
    rate_limited_as_resource_exhausted: true,
  };
  const body = { name: RATE_LIMITS_NAME, typed_config: typedConfig };
  return { typeUrl: TYPE.filterConfig, name: RATE_LIMITS_NAME, body };
}

/** What makes a route's requests count: the part for its action. */
export function countedBy(plan: DeploymentPlan): JsonObject {
  if (plan.limits?.requestsPerSecond === undefined) return {};
  const action = { generic_key: { descriptor_key: DESCRIPTOR_KEY, descriptor_value: plan.key } };
  return { rate_limits: [{ actions: [action] }] };
}
