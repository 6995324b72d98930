import type { KubernetesObject } from "../../kubernetes-api/object.ts";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** The object without what nobody reads: who owns which fields, and kubectl's copy of the manifest. */
export function dropBookkeeping(object: KubernetesObject): KubernetesObject {
  const { managedFields, annotations, ...metadata } = object.metadata;
  if (managedFields === undefined && annotations?.[LAST_APPLIED] === undefined) return object;
  const others = Object.entries(annotations ?? {}).filter(([name]) => name !== LAST_APPLIED);
  if (others.length === 0) return { ...object, metadata };
  return { ...object, metadata: { ...metadata, annotations: Object.fromEntries(others) } };
}
