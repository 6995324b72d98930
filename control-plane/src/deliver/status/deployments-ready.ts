import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { conditionOf, isComplete, replicasOf, type DeploymentCondition } from "../rollout/deployment-state.ts";
import type { Finding } from "./conditions.ts";

/** A Deployment that is wanted, as far as it is there. */
export interface DeploymentReport {
  readonly name: string;
  readonly live: KubernetesObject | undefined;
  /** Its spec is as wanted. */
  readonly asWanted: boolean;
}

function isDone({ live, asWanted }: DeploymentReport): boolean {
  return asWanted && live !== undefined && isComplete(live);
}

function copy(status: Finding["status"], condition: DeploymentCondition): Finding {
  const { reason, message } = condition;
  return {
    type: "DeploymentsReady",
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
  };
}

/** Kubernetes' own message does not say of which Deployment it speaks. */
function named(name: string, condition: DeploymentCondition): DeploymentCondition {
  const { message } = condition;
  return message === undefined || message.includes(name) ? condition : { ...condition, message: `${name}: ${message}` };
}

function unready({ name, live, asWanted }: DeploymentReport): Finding {
  const available = live && conditionOf(live, "Available");
  if (available?.status === "False") return copy("False", named(name, available));
  const progressing = live && asWanted ? conditionOf(live, "Progressing") : undefined;
  if (progressing !== undefined) return copy("False", named(name, progressing));
  const message = live === undefined ? `Deployment ${name} is not there yet` : `Deployment ${name} is being changed`;
  return { type: "DeploymentsReady", status: "False", reason: "DeploymentUpdating", message };
}

/** As in Seldon 1.17.1 the reason of the first Deployment that is not ready, or of the one that became so last. */
export function deploymentsReady(reports: readonly DeploymentReport[]): Finding {
  const waiting = reports.find((one) => !isDone(one));
  if (waiting !== undefined) return unready(waiting);
  const [newest] = reports
    .flatMap((one) => (one.live && conditionOf(one.live, "Available")) ?? [])
    .sort((a, b) => ((a.lastTransitionTime ?? "") < (b.lastTransitionTime ?? "") ? 1 : -1));
  return newest === undefined ? { type: "DeploymentsReady", status: "True" } : copy("True", newest);
}

/** Kubernetes has given up on a Deployment, and none of its pods answers. */
export function isStuck({ live, asWanted }: DeploymentReport): boolean {
  if (live === undefined || !asWanted || replicasOf(live) === 0) return false;
  return conditionOf(live, "Progressing")?.status === "False" && conditionOf(live, "Available")?.status === "False";
}
