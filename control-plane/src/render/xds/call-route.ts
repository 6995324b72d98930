import { HEADER_PREDICTOR } from "#proto/vocabulary/headers.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { ClusterKind } from "../../plan/names.ts";
import { streamDuration } from "./deadline.ts";
import { ENDPOINT_METADATA } from "./endpoints.ts";
import { countedBy } from "./rate-limits.ts";
import type { Json, JsonObject } from "./resource.ts";
import { NO_RETRIES, retryPolicy } from "./retry-policy.ts";

/** What one kind of call is matched by, and what becomes of its path. */
export interface CallShape {
  readonly kind: ClusterKind;
  readonly match: JsonObject;
  readonly rewrite?: string;
  readonly feedback: boolean;
}

/** A header of the answer. */
export function echo(header: string, value: string): JsonObject {
  return { header: { key: header, value }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" };
}

/** Who really answered, where one predictor stands in for another; nothing when nobody did. */
export function answeredBy(plan: DeploymentPlan): readonly JsonObject[] {
  if (plan.fallback.length === 0) return [];
  return [echo(HEADER_PREDICTOR, `%UPSTREAM_METADATA(${ENDPOINT_METADATA.namespace}:${ENDPOINT_METADATA.key})%`)];
}

/** A model without an orchestrator in front of it may speak WebSocket. */
function upgrades(plan: DeploymentPlan, call: CallShape): JsonObject {
  const isBare = plan.predictors.some((one) => one.orchestrator === "none" && one.graph.children.length === 0);
  return isBare && call.kind === "http" && !call.feedback ? { upgrade_configs: [{ upgrade_type: "websocket" }] } : {};
}

/** What every route to a predictor has. */
export function common(plan: DeploymentPlan, call: CallShape, isDecided: boolean): JsonObject {
  return {
    ...(call.rewrite === undefined ? {} : { prefix_rewrite: call.rewrite }),
    timeout: "0s",
    ...streamDuration(plan.deadline, call.kind, isDecided),
    ...upgrades(plan, call),
    ...countedBy(plan),
    ...(call.feedback ? { retry_policy: NO_RETRIES } : retryPolicy(plan.retry, call.kind)),
  };
}

/** Present where there is something in it. */
export function listed(name: string, values: readonly Json[]): JsonObject {
  return values.length === 0 ? {} : { [name]: values };
}
