import type { PlanContext } from "../context.ts";
import { DEFAULT_GRACE_SECONDS } from "./pod-spec.ts";

/** How long an orchestrator's requests in flight may take after it stops taking new ones: its own default. */
const DRAIN_MS = 15_000;
/** Of the time that a user gives a pod to stop, what may pass before the orchestrator begins to drain. */
const DELAY_SHARE = 0.25;

/**
 * How long the orchestrator serves on after the signal to stop. Where requests still come it goes on, by itself, up to 1.8 times
 * as long, and takes that off the time for its drain: a pod needs no more time for it.
 *
 * @param graceSeconds what the user gives the pod to stop; it is the user's, so the delay is cut to fit into it
 */
export function shutdownDelayMs({ options }: PlanContext, graceSeconds: number | undefined): number {
  const wanted = options.workloads.orchestrator.shutdownDelayMs;
  return graceSeconds === undefined ? wanted : Math.min(wanted, Math.floor(graceSeconds * 1000 * DELAY_SHARE));
}

/** Seconds that a pod with an orchestrator gets to stop: what the user says, else enough for its delay and its drain. */
export function orchestratorGraceSeconds(context: PlanContext, graceSeconds: number | undefined): number {
  if (graceSeconds !== undefined) return graceSeconds;
  const needed = Math.ceil((shutdownDelayMs(context, undefined) + DRAIN_MS) / 1000);
  return Math.max(DEFAULT_GRACE_SECONDS, needed);
}
