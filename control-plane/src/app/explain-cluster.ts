import type { ApiClient } from "../kubernetes-api/api-client.ts";
import { ApiError } from "../kubernetes-api/api-client.ts";
import type { KubernetesObject, ObjectKey } from "../kubernetes-api/object.ts";
import { RESOURCE } from "../kubernetes-api/resource-types.ts";
import { loadObjects } from "../model/load.ts";
import type { DeploymentPlan } from "../plan/deployment-plan.ts";
import type { PlanOptions } from "../plan/options.ts";
import { planModel } from "../plan/plan-model.ts";
import type { Checked } from "../problem/problem.ts";
import { takeoverTarget } from "./cluster/takeovers.ts";

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
 * Plans one live SeldonDeployment, and those of its namespace that answer some of its requests, with the live RoutePolicies of
 * all of them. No plans: there is no such deployment; of one with errors there is none. Throws what the API server says where
 * it may not be read.
 */
export async function planLiveDeployment(
  client: ApiClient,
  { namespace, name }: ObjectKey,
  options: Partial<PlanOptions> = {},
): Promise<Checked<readonly DeploymentPlan[]>> {
  const { items } = await client.list(RESOURCE.seldonDeployment, { namespace });
  if (!items.some((one) => one.metadata.name === name)) return { value: [], problems: [] };
  const concerned = items.filter((one) => one.metadata.name === name || takeoverTarget(one) === `${namespace}/${name}`);
  const names = new Set(concerned.map(({ metadata }) => metadata.name));
  const policies = (await policiesOf(client, namespace)).filter(({ spec }) => names.has(targetOf(spec)));
  return planModel(loadObjects([...concerned, ...policies].map((value) => ({ value }))), options);
}

/** The name that a RoutePolicy targets; empty where it says none. */
function targetOf(spec: unknown): string {
  const name = (spec as { readonly targetRef?: { readonly name?: unknown } } | undefined)?.targetRef?.name;
  return typeof name === "string" ? name : "";
}
