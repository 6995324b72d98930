import type { ObjectMetadata } from "../../kubernetes-api/object.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { StringMap } from "../../plan/workload-plan.ts";

/** Labels of an object that belongs to a deployment and has no others. */
export function deploymentLabels({ seldonId }: DeploymentPlan): StringMap {
  return { "seldon-deployment-id": seldonId };
}

/** Metadata of an object in the deployment's namespace; empty maps are left out. */
export function metadataOf(
  { namespace }: DeploymentPlan,
  name: string,
  labels: StringMap,
  annotations: StringMap = {},
): ObjectMetadata {
  return { name, namespace, ...mapField("labels", labels), ...mapField("annotations", annotations) };
}

/** A field with a map, or nothing where the map is empty. */
export function mapField<Name extends string>(name: Name, map: StringMap): { readonly [key in Name]?: StringMap } {
  return Object.keys(map).length === 0 ? {} : ({ [name]: map } as { readonly [key in Name]: StringMap });
}
