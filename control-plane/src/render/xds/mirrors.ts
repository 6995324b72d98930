import { MAX_SHADOWS_PER_REQUEST } from "#proto/vocabulary/limits.ts";
import { HEADER_SHADOW, HEADER_SHADOW_CLUSTER_PREFIX } from "#proto/vocabulary/headers.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { ShadowEntry } from "../../plan/traffic-plan.ts";
import { clusterName, type ClusterKind } from "../../plan/names.ts";
import type { JsonObject } from "./resource.ts";

const TAG: JsonObject = {
  append: { header: { key: HEADER_SHADOW, value: "1" }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" },
};
const REMOVE_SHADOW_CLUSTERS: JsonObject = {
  remove_on_match: { key_matcher: { prefix: HEADER_SHADOW_CLUSTER_PREFIX } },
};

/** How many mirrors a route of this deployment needs at most. */
export function mirrorCount(plan: DeploymentPlan): number {
  return Math.min(plan.shadows.length, MAX_SHADOWS_PER_REQUEST);
}

/**
 * `count` mirrors to the clusters that the filter names by header; a header that is absent makes no copy. Envoy reads the
 * names only when the request is complete, so nothing on the way may remove them: the primary sees them, the copies do not.
 */
export function mirrorsByHeader(count: number): readonly JsonObject[] {
  return Array.from({ length: count }, (_, index) => ({
    cluster_header: `${HEADER_SHADOW_CLUSTER_PREFIX}${String(index + 1)}`,
    disable_shadow_host_suffix_append: true,
    request_headers_mutations: [TAG, REMOVE_SHADOW_CLUSTERS],
  }));
}

/** A share of a million, exact for percents with up to four decimals. */
function fraction(percent: number): JsonObject {
  return Number.isInteger(percent)
    ? { numerator: percent, denominator: "HUNDRED" }
    : { numerator: Math.round(percent * 10_000), denominator: "MILLION" };
}

function mirrorTo(plan: DeploymentPlan, shadow: ShadowEntry, kind: ClusterKind): JsonObject {
  return {
    cluster: clusterName(plan.namespace, plan.name, shadow.predictor, kind),
    ...(shadow.percent >= 100 ? {} : { runtime_fraction: { default_value: fraction(shadow.percent) } }),
    disable_shadow_host_suffix_append: true,
    request_headers_mutations: [TAG],
  };
}

/** What only the filter can tell. */
function isConditional({ conditions = [], beside, maxBodyBytes }: ShadowEntry): boolean {
  return conditions.length > 0 || beside !== undefined || maxBodyBytes !== undefined;
}

/** Envoy's own mirrors, for the time in which the filter is away; shadows with conditions get no copies then. */
export function fixedMirrors(plan: DeploymentPlan, kind: ClusterKind): readonly JsonObject[] {
  const always = plan.shadows.filter((shadow) => !isConditional(shadow));
  return always.slice(0, MAX_SHADOWS_PER_REQUEST).map((shadow) => mirrorTo(plan, shadow, kind));
}
