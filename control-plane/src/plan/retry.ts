import { findAnnotation, parseWholeNumber, type PlanContext } from "./context.ts";
import type { RetryPlan } from "./deployment-plan.ts";

const RETRIES = "seldon.io/istio-retries";
const RETRIES_TIMEOUT = "seldon.io/istio-retries-timeout";
/** Seconds per attempt when the deployment says nothing. */
const DEFAULT_TIMEOUT_SECONDS = 1;

/** The number of an annotation; one that is no number stops the deployment, as in Seldon. */
function wholeNumber(context: PlanContext, name: string, otherwise: number): number {
  const found = findAnnotation(context, name);
  if (found === undefined) return otherwise;
  const number = parseWholeNumber(found.value);
  if (number !== undefined) return number;
  const message = `${name} is ${JSON.stringify(found.value)}; it must be a whole number`;
  context.report({ code: "RetriesUnreadable", at: found.at, message });
  return otherwise;
}

/** Retries of the deployment; none unless the annotation asks for at least one. */
export function planRetry(context: PlanContext): RetryPlan | undefined {
  const attempts = wholeNumber(context, RETRIES, 0);
  if (attempts <= 0) return undefined;
  const seconds = wholeNumber(context, RETRIES_TIMEOUT, DEFAULT_TIMEOUT_SECONDS);
  return { attempts, perTryTimeoutMs: Math.max(seconds, 0) * 1000 };
}
