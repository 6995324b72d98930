import type { KubernetesObject } from "../../kubernetes-api/object.ts";

interface DeploymentSpec {
  readonly replicas?: number;
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly template?: { readonly metadata?: { readonly labels?: Readonly<Record<string, string>> } };
}

/** A condition as Deployments have them. */
export interface DeploymentCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

interface DeploymentStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly availableReplicas?: number;
  readonly unavailableReplicas?: number;
  readonly conditions?: readonly DeploymentCondition[];
}

export function specOf(deployment: KubernetesObject | undefined): DeploymentSpec {
  return deployment?.["spec"] ?? {};
}

export function statusOf(deployment: KubernetesObject | undefined): DeploymentStatus {
  return deployment?.["status"] ?? {};
}

export function replicasOf(deployment: KubernetesObject | undefined): number {
  return specOf(deployment).replicas ?? 1;
}

export function selectorOf(deployment: KubernetesObject | undefined): Readonly<Record<string, string>> {
  return specOf(deployment).selector?.matchLabels ?? {};
}

export function podLabelsOf(deployment: KubernetesObject | undefined): Readonly<Record<string, string>> {
  return specOf(deployment).template?.metadata?.labels ?? {};
}

/** True when labels have all that a selector asks for. An empty selector selects nothing here. */
export function selects(selector: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean {
  const pairs = Object.entries(selector);
  return pairs.length > 0 && pairs.every(([key, value]) => labels[key] === value);
}

/** True while the object is on its way out. */
export function isGoing(object: KubernetesObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

/** The Deployment controller has seen the newest spec. */
function isObserved(deployment: KubernetesObject): boolean {
  return (statusOf(deployment).observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0);
}

/** How many pods answer, whatever their template is. */
export function availableOf(deployment: KubernetesObject): number {
  return statusOf(deployment).availableReplicas ?? 0;
}

/** At least one pod answers, whatever its template is. */
export function hasAvailable(deployment: KubernetesObject): boolean {
  return availableOf(deployment) > 0;
}

/** May be sent requests: the newest spec has been seen, and a pod answers. */
export function isReady(deployment: KubernetesObject): boolean {
  return isObserved(deployment) && hasAvailable(deployment);
}

/** No pod of an older template is left, and at least one answers, or none is wanted. */
export function isRenewed(deployment: KubernetesObject): boolean {
  if (!isObserved(deployment)) return false;
  const { replicas = 0, updatedReplicas = 0 } = statusOf(deployment);
  return replicasOf(deployment) === 0 || (hasAvailable(deployment) && replicas === updatedReplicas);
}

/** Every pod is of the newest template and available, and there are as many as the spec says. */
export function isComplete(deployment: KubernetesObject): boolean {
  if (!isObserved(deployment)) return false;
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0, unavailableReplicas = 0 } = statusOf(deployment);
  const wanted = replicasOf(deployment);
  return replicas === wanted && updatedReplicas === wanted && availableReplicas === wanted && unavailableReplicas === 0;
}

export function conditionOf(deployment: KubernetesObject, type: string): DeploymentCondition | undefined {
  return statusOf(deployment).conditions?.find((one) => one.type === type);
}

/** Its newest pods did not come up within the progress deadline. */
export function hasGivenUp(deployment: KubernetesObject): boolean {
  return isObserved(deployment) && conditionOf(deployment, "Progressing")?.status === "False";
}
