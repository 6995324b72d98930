import type { PlanContext } from "../context.ts";
import { DEFAULT_GRACE_SECONDS } from "./pod-spec.ts";

/** How long an orchestrator's requests in flight may take after its delay: its own default. */
const DRAIN_MS = 15_000;
/**
 * Of the time that a user gives a pod to stop, what the orchestrator's delay may take. Where requests still come it takes up to 1.8
 * times as much, which leaves half of the time for those in flight.
 */
const DELAY_SHARE = 0.25;
/** What is left of a time that the user cut short for the process itself to end. */
const EXIT_SHARE = 0.05;

/** How the orchestrator of a pod is told to stop. */
export interface ShutdownTimes {
  /** How long it serves on after the signal; 0 for not at all. */
  readonly delayMs: number;
  /** How long requests in flight may take after the delay; undefined for its own default, which fits. */
  readonly drainMs: number | undefined;
}

/**
 * How long the orchestrator serves on after the signal to stop, and has for what is in flight then. Where requests still come it
 * serves on, by itself, up to 1.8 times as long, and takes that off the time for its drain: a pod needs no more time for it.
 *
 * @param graceSeconds what the user gives the pod to stop; it is the user's, so both are cut to fit into it
 */
export function shutdownTimes({ options }: PlanContext, graceSeconds: number | undefined): ShutdownTimes {
  const wanted = options.workloads.orchestrator.shutdownDelayMs;
  if (graceSeconds === undefined) return { delayMs: wanted, drainMs: undefined };
  const graceMs = graceSeconds * 1000;
  const delayMs = Math.min(wanted, Math.floor(graceMs * DELAY_SHARE));
  if (delayMs + DRAIN_MS <= graceMs || graceMs === 0) return { delayMs, drainMs: undefined };
  return { delayMs, drainMs: Math.floor(graceMs * (1 - EXIT_SHARE)) - delayMs };
}

/** Seconds that a pod with an orchestrator gets to stop: what the user says, else enough for its delay and its drain. */
export function orchestratorGraceSeconds(context: PlanContext, graceSeconds: number | undefined): number {
  if (graceSeconds !== undefined) return graceSeconds;
  const needed = Math.ceil((shutdownTimes(context, undefined).delayMs + DRAIN_MS) / 1000);
  return Math.max(DEFAULT_GRACE_SECONDS, needed);
}
