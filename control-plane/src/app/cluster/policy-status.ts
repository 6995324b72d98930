import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import type { LoadedPolicy } from "../../model/model.ts";
import { problemText } from "../../deliver/status/problem-text.ts";
import { hasErrors, problem } from "../../problem/problem.ts";
import type { Look, PolicyTarget } from "./reconcile.ts";

/** `status` of a RoutePolicy: what became of it, for each of its targets and each who works on it. */
export interface PolicyStatus {
  readonly ancestors: readonly PolicyAncestor[];
}

export interface PolicyAncestor {
  readonly ancestorRef: AncestorRef;
  readonly controllerName: string;
  readonly conditions: readonly PolicyCondition[];
}

interface AncestorRef {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface PolicyCondition {
  readonly type: "Accepted" | "Programmed";
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  /** RFC 3339; moves only when `status` changes. */
  readonly lastTransitionTime: string;
}

type Finding = Pick<PolicyCondition, "type" | "status" | "reason" | "message">;

/** Ancestors that the schema allows. */
const MOST_ANCESTORS = 16;

/** What a policy is told about its target. */
export function findingsOf(policy: KubernetesObject, target: Exclude<PolicyTarget, "foreign">): readonly Finding[] {
  const found = target === "absent" ? undefined : target;
  const verdict = found?.policies.find((one) => one.name === policy.metadata.name);
  const accepted = acceptedOf(policy, found, verdict);
  return [accepted, programmedOf(accepted, found, verdict)];
}

function acceptedOf(policy: KubernetesObject, found: Look | undefined, verdict: LoadedPolicy | undefined): Finding {
  const type = "Accepted";
  if (found === undefined) {
    const missing = { path: "spec.targetRef.name", message: `there is no SeldonDeployment ${targetOf(policy)}` };
    const message = problemText([problem("PolicyTargetMissing", missing)]);
    return { type, status: "False", reason: "TargetNotFound", message };
  }
  const problems = verdict?.problems ?? [];
  const errors = problems.filter(({ severity }) => severity === "error");
  if (errors.length > 0) {
    const reason = errors.every(({ code }) => code === "PolicyConflict") ? "Conflicted" : "Invalid";
    return { type, status: "False", reason, message: problemText(errors) };
  }
  return { type, status: "True", reason: "Accepted", message: problemText([...problems, ...found.step.inexpressible]) };
}

/** Of a policy that holds, what its target's own condition says: tables go to the same proxies as its routes. */
function programmedOf(accepted: Finding, found: Look | undefined, verdict: LoadedPolicy | undefined): Finding {
  const type = "Programmed";
  if (accepted.status !== "True" || found === undefined) {
    const message = verdict?.counts === true ? "the last valid version stays in force" : "nothing of it is in force";
    return { type, status: "False", reason: "NotAccepted", message };
  }
  if (hasErrors(found.problems)) {
    const message = "its target has errors, so the target's last valid version stays in force";
    return { type, status: "False", reason: "TargetInvalid", message };
  }
  const programmed = found.step.status.conditions.find((one) => one.type === type);
  const { status = "Unknown", reason = "Pending", message = "" } = programmed ?? {};
  return { type, status, reason, message };
}

/** The status with our word in it; what others said is kept. */
export function policyStatus(
  policy: KubernetesObject,
  findings: readonly Finding[],
  controllerName: string,
  nowMs: number,
): PolicyStatus {
  const before = ancestorsOf(policy);
  const own = conditionsOf(before.find((one) => one.controllerName === controllerName));
  const now = `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  const conditions = findings.map((one): PolicyCondition => {
    const known = own.find(({ type }) => type === one.type);
    const lastTransitionTime = known?.status === one.status ? known.lastTransitionTime : now;
    return { ...one, observedGeneration: policy.metadata.generation ?? 0, lastTransitionTime };
  });
  const ancestor: PolicyAncestor = { ancestorRef: refOf(policy), controllerName, conditions };
  // In its place: two control planes that each put themselves last would write without end.
  const place = before.findIndex((one) => one.controllerName === controllerName);
  // Where there is no room nobody's word is taken away for ours.
  if (place === -1) return { ancestors: before.length < MOST_ANCESTORS ? [...before, ancestor] : before };
  const isAnother = ({ controllerName: name }: PolicyAncestor): boolean => name !== controllerName;
  return { ancestors: before.flatMap((one, i) => (i === place ? [ancestor] : isAnother(one) ? [one] : [])) };
}

/** The status without what we said when its target was ours or was not there; undefined: we said nothing. */
export function statusWithoutUs(policy: KubernetesObject, controllerName: string): PolicyStatus | undefined {
  const before = ancestorsOf(policy);
  const others = before.filter((one) => one.controllerName !== controllerName);
  return others.length === before.length ? undefined : { ancestors: others };
}

function ancestorsOf(policy: KubernetesObject): readonly PolicyAncestor[] {
  const { ancestors } = (policy["status"] ?? {}) as Partial<PolicyStatus>;
  return Array.isArray(ancestors) ? (ancestors as readonly PolicyAncestor[]) : [];
}

/** A server without our schema may hold anything. */
function conditionsOf(ancestor: PolicyAncestor | undefined): readonly PolicyCondition[] {
  const conditions: unknown = ancestor?.conditions;
  return Array.isArray(conditions) ? (conditions as readonly PolicyCondition[]) : [];
}

function refOf(policy: KubernetesObject): AncestorRef {
  const { apiVersion, kind } = RESOURCE.seldonDeployment;
  const [group = ""] = apiVersion.split("/");
  return { group, kind, namespace: policy.metadata.namespace ?? "", name: nameOfTarget(policy) };
}

function nameOfTarget(policy: KubernetesObject): string {
  const { targetRef } = (policy["spec"] ?? {}) as { readonly targetRef?: { readonly name?: unknown } };
  return typeof targetRef?.name === "string" ? targetRef.name : "";
}

function targetOf(policy: KubernetesObject): string {
  return `${policy.metadata.namespace ?? ""}/${nameOfTarget(policy)}`;
}
