import type { KubernetesObject } from "../../kubernetes-api/object.ts";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** The object without what nobody reads: who owns which fields, and kubectl's copy of the manifest. */
export function dropBookkeeping(object: KubernetesObject): KubernetesObject {
  const { managedFields, annotations, ...metadata } = object.metadata;
  if (managedFields === undefined && annotations?.[LAST_APPLIED] === undefined) return object;
  return { ...object, metadata: annotations === undefined ? metadata : { ...metadata, ...rest(annotations) } };
}

function rest(annotations: Readonly<Record<string, string>>) {
  const { [LAST_APPLIED]: _, ...others } = annotations;
  return Object.keys(others).length === 0 ? {} : { annotations: others };
}
