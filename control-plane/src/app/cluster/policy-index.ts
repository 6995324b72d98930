import type { KubernetesObject, ObjectKey } from "../../kubernetes-api/object.ts";

/** Which RoutePolicies are about which SeldonDeployment, kept up to date by changes of them. */
export interface PolicyIndex {
  /** Returns the keys of the SeldonDeployments that a change concerns. */
  note(key: ObjectKey, now: KubernetesObject | undefined, before: KubernetesObject | undefined): readonly string[];
  /** By name. */
  of(target: string): readonly KubernetesObject[];
  /** Keys of all SeldonDeployments that are targeted, whether they are there or not. */
  targets(): readonly string[];
}

export function createPolicyIndex(): PolicyIndex {
  const policies = new Map<string, Map<string, KubernetesObject>>();
  return {
    note({ namespace, name }, now, before) {
      const [target, former] = [targetOf(namespace, now), targetOf(namespace, before)];
      if (former !== undefined) {
        policies.get(former)?.delete(name);
        if (policies.get(former)?.size === 0) policies.delete(former);
      }
      if (target !== undefined && now !== undefined) {
        policies.set(target, (policies.get(target) ?? new Map<string, KubernetesObject>()).set(name, now));
      }
      return [target, former].filter((one) => one !== undefined);
    },
    targets: () => [...policies.keys()],
    of: (target) =>
      [...(policies.get(target)?.values() ?? [])].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)),
  };
}

/** The SeldonDeployment that a RoutePolicy is about. */
function targetOf(namespace: string, policy: KubernetesObject | undefined): string | undefined {
  const { targetRef } = (policy?.["spec"] ?? {}) as { readonly targetRef?: { readonly name?: unknown } };
  return typeof targetRef?.name === "string" ? `${namespace}/${targetRef.name}` : undefined;
}
