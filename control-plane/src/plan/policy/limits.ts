import type { Ejection, Retries, RoutePolicySpec } from "../../model/route-policy.ts";
import type { DeploymentAnnotations } from "../../model/read-annotations.ts";
import { cap } from "../context.ts";
import type { DeploymentPlan } from "../deployment-plan.ts";
import type { EjectionPlan, RetryPlan } from "../traffic-plan.ts";

/** Envoy's own. */
const MIN_RETRY_CONCURRENCY = 3;
const DEFAULT_EJECTION: EjectionPlan = { consecutiveErrors: 5, ejectMs: 30_000, maxPercent: 50 };

/** When calls are tried again: as the policy says, else as annotations do. */
export function planRetry(
  { retries }: DeploymentAnnotations,
  policy: RoutePolicySpec | undefined,
): Pick<DeploymentPlan, "retry"> {
  if (policy?.retries !== undefined) return { retry: retryOf(policy.retries) };
  if (retries === undefined) return {};
  const { attempts, perTryTimeoutMs } = retries;
  const timeout = perTryTimeoutMs === undefined ? {} : { perTryTimeoutMs: cap(perTryTimeoutMs) };
  return { retry: { attempts: cap(attempts), ...timeout } };
}

function retryOf({ attempts, perTryTimeoutMs, http, grpc, statuses, budget }: Retries): RetryPlan {
  return {
    attempts,
    ...(perTryTimeoutMs === undefined ? {} : { perTryTimeoutMs }),
    ...(http === undefined ? {} : { httpOn: http }),
    ...(grpc === undefined ? {} : { grpcOn: grpc }),
    ...(statuses === undefined ? {} : { statuses }),
    ...(budget === undefined
      ? {}
      : { budget: { percent: budget.percent, minConcurrency: budget.minConcurrency ?? MIN_RETRY_CONCURRENCY } }),
  };
}

/** Deadline, limits and ejection; what says nothing is left out. */
export function planLimits(
  policy: RoutePolicySpec | undefined,
): Pick<DeploymentPlan, "deadline" | "limits" | "ejection"> {
  const { deadline, limits, ejection } = policy ?? {};
  return {
    ...(deadline === undefined || isEmpty(deadline) ? {} : { deadline }),
    ...(limits === undefined || isEmpty(limits) ? {} : { limits }),
    ...(ejection === undefined ? {} : { ejection: ejectionOf(ejection) }),
  };
}

function isEmpty(fields: object): boolean {
  return Object.keys(fields).length === 0;
}

function ejectionOf({ consecutiveErrors, ejectMs, maxPercent }: Ejection): EjectionPlan {
  return {
    consecutiveErrors: consecutiveErrors ?? DEFAULT_EJECTION.consecutiveErrors,
    ejectMs: ejectMs ?? DEFAULT_EJECTION.ejectMs,
    maxPercent: maxPercent ?? DEFAULT_EJECTION.maxPercent,
  };
}
