import type { SeldonDeploymentStatus } from "../../deliver/status/seldon-status.ts";
import type { Logger } from "./log.ts";

/** A line for a state that was just written: the state, the one before, and why it is not available. */
export function logState(
  log: Pick<Logger, "info">,
  key: string,
  now: SeldonDeploymentStatus,
  before: string | undefined,
): void {
  const ready = now.conditions.find((one) => one.type === "Ready");
  const reason = ready?.status === "True" ? undefined : (now.description ?? ready?.message ?? ready?.reason);
  const about = { key, generation: now.observedGeneration, ...(reason === undefined ? {} : { reason }) };
  log.info(about, `${before ?? "new"} -> ${now.state}`);
}
