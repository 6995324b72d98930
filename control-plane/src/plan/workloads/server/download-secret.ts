import type { DefaultedNode } from "../../../model/defaulted.ts";
import type { PlanContext } from "../../context.ts";

/** The secret with which a node's model is fetched: its own, else the operator's; empty: none. */
export function downloadSecretOf({ options }: PlanContext, { envSecretRefName = "" }: DefaultedNode): string {
  return envSecretRefName === "" ? options.workloads.defaultEnvSecretName : envSecretRefName;
}
