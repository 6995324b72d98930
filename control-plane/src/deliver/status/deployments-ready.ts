import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { conditionOf, isComplete, replicasOf, type DeploymentCondition } from "../rollout/deployment-state.ts";
import type { Finding } from "./conditions.ts";

/** A Deployment that is wanted, as far as it is there. */
export interface DeploymentReport {
  readonly name: string;
  readonly live: KubernetesObject | undefined;
  /** Its spec is as wanted. */
  readonly asWanted: boolean;
  /** Why its pods do not answer, where that is known. */
  readonly podTrouble?: string | undefined;
}

/** What keeps the pods of a Deployment from answering, or from being made. */
export function troubleOf({ live, podTrouble }: DeploymentReport): string | undefined {
  const failure = live && conditionOf(live, "ReplicaFailure");
  return podTrouble ?? (failure?.status === "True" ? failure.message : undefined);
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

/** Kubernetes' reason stays, which clients go by; the message goes on to what people can do something about. */
function withTrouble(finding: Finding, trouble: string | undefined): Finding {
  if (trouble === undefined) return finding;
  const { message } = finding;
  return { ...finding, message: message === undefined ? trouble : `${message.replace(/\.$/, "")}: ${trouble}` };
}

/** Kubernetes' reason when a change is done: of one that is not ready it speaks of a change before this one. */
const CHANGE_DONE = "NewReplicaSetAvailable";

function unready(report: DeploymentReport): Finding {
  const { name, live, asWanted } = report;
  const available = live && conditionOf(live, "Available");
  if (available?.status === "False") return withTrouble(copy("False", named(name, available)), troubleOf(report));
  const progressing = live && asWanted ? conditionOf(live, "Progressing") : undefined;
  if (progressing !== undefined && progressing.reason !== CHANGE_DONE)
    return withTrouble(copy("False", named(name, progressing)), troubleOf(report));
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
