import type { KubernetesObject } from "../../kubernetes-api/object.ts";

const CONTROLLER_ID = "seldon.io/controller-id";

export interface SelectionRules {
  /** Of this control plane; empty: it takes what nobody else is named for. */
  readonly controllerId: string;
  /** It looks at one namespace only, which then says nothing about who is meant. */
  readonly singleNamespace: boolean;
}

/** True when the SeldonDeployment is ours to work on (Seldon 1.17.1, `Reconcile`). */
export function isOurs(
  resource: KubernetesObject,
  namespace: KubernetesObject | undefined,
  { controllerId, singleNamespace }: SelectionRules,
): boolean {
  if (!singleNamespace && labelOf(namespace) !== "") return false;
  return labelOf(resource) === controllerId;
}

function labelOf(object: KubernetesObject | undefined): string {
  return object?.metadata.labels?.[CONTROLLER_ID] ?? "";
}
