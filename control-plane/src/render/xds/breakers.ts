import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { EjectionPlan } from "../../plan/traffic-plan.ts";
import { duration } from "../duration.ts";
import type { XdsOptions } from "./options.ts";
import type { JsonObject } from "./resource.ts";

/** What a plan says about how much a cluster may hold. */
export type Limiting = Pick<DeploymentPlan, "circuitBreakers" | "limits" | "retry">;

/** The policy's budget, else the annotation's number of retries, else the gateway's budget. Envoy lets a budget win over a number. */
function retryLimit({ circuitBreakers = {}, retry }: Limiting, options: XdsOptions): JsonObject {
  const { maxRetries } = circuitBreakers;
  if (retry?.budget === undefined && maxRetries !== undefined) return { max_retries: maxRetries };
  const { percent, minConcurrency } = retry?.budget ?? {
    percent: options.retryBudgetPercent,
    minConcurrency: options.retryBudgetMinimum,
  };
  return { retry_budget: { budget_percent: { value: percent }, min_retry_concurrency: minConcurrency } };
}

/** The lower of what the policy and the annotations say, else what holds for the gateway. */
function requestLimit(concurrency: number | undefined, breaker: number | undefined, otherwise: number): number {
  const said = [concurrency, breaker].filter((one) => one !== undefined);
  return said.length === 0 ? otherwise : Math.min(...said);
}

/** Connections, requests and retries that a cluster may hold. */
export function threshold(limiting: Limiting, options: XdsOptions): JsonObject {
  const { circuitBreakers = {}, limits = {} } = limiting;
  const { concurrency } = limits;
  return {
    max_connections: circuitBreakers.maxConnections ?? options.maxConnections,
    max_pending_requests: requestLimit(concurrency, circuitBreakers.maxPendingRequests, options.maxPendingRequests),
    max_requests: requestLimit(concurrency, circuitBreakers.maxRequests, options.maxRequests),
    ...retryLimit(limiting, options),
  };
}

/** How often Envoy looks whether a pod may come back. */
const SWEEP_MS = 1000;

/**
 * Which pods are left out for a while. Every time is as long as the plan says, however often a pod was out before. Where
 * other predictors stand in, one pod may be out whatever the share says: it may be the only one.
 */
export function outlierDetection(ejection: EjectionPlan, standInsExist: boolean): JsonObject {
  const { consecutiveErrors, ejectMs, maxPercent } = ejection;
  return {
    consecutive_5xx: consecutiveErrors,
    enforcing_consecutive_5xx: 100,
    enforcing_success_rate: 0,
    interval: duration(Math.min(SWEEP_MS, ejectMs)),
    base_ejection_time: duration(ejectMs),
    max_ejection_time: duration(ejectMs),
    max_ejection_percent: Math.round(maxPercent),
    ...(standInsExist ? { always_eject_one_host: true } : {}),
  };
}
