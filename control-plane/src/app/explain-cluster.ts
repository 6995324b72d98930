import type { ApiClient } from "../kubernetes-api/api-client.ts";
import { ApiError } from "../kubernetes-api/api-client.ts";
import type { KubernetesObject, ObjectKey } from "../kubernetes-api/object.ts";
import { RESOURCE } from "../kubernetes-api/resource-types.ts";
import { loadObjects } from "../model/load.ts";
import type { DeploymentPlan } from "../plan/deployment-plan.ts";
import type { PlanOptions } from "../plan/options.ts";
import { planModel } from "../plan/plan-model.ts";
import type { Checked } from "../problem/problem.ts";

/** The policies of a namespace; none where the cluster does not know their kind. */
async function policiesOf(client: ApiClient, namespace: string): Promise<readonly KubernetesObject[]> {
  try {
    return (await client.list(RESOURCE.routePolicy, { namespace })).items;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return [];
    throw error;
  }
}

/** Keys of the live SeldonDeployments of a name, `<namespace>/<name>`. Throws what the API server says where it may not be read. */
export async function findLiveDeployments(client: ApiClient, name: string): Promise<readonly string[]> {
  const { items } = await client.list(RESOURCE.seldonDeployment, { fieldSelector: `metadata.name=${name}` });
  return items.flatMap(({ metadata }) => (metadata.name === name ? [`${metadata.namespace ?? ""}/${name}`] : []));
}

/**
 * Plans one live SeldonDeployment with the live RoutePolicies of its namespace. No plan: there is no such deployment, or it has
 * errors. Throws what the API server says where it may not be read.
 */
export async function planLiveDeployment(
  client: ApiClient,
  key: ObjectKey,
  options: Partial<PlanOptions> = {},
): Promise<Checked<readonly DeploymentPlan[]>> {
  const resource = await client.get(RESOURCE.seldonDeployment, key);
  if (resource === undefined) return { value: [], problems: [] };
  const policies = (await policiesOf(client, key.namespace)).filter(({ spec }) => targets(spec, key.name));
  return planModel(loadObjects([resource, ...policies].map((value) => ({ value }))), options);
}

function targets(spec: unknown, name: string): boolean {
  return (spec as { readonly targetRef?: { readonly name?: unknown } } | undefined)?.targetRef?.name === name;
}
