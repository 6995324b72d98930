import type { DeploymentPlan } from "../control-plane/src/plan/deployment-plan.ts";
import type { ExampleRequest } from "../control-plane/src/render/explain/example-request.ts";

/**
 * The key of the deployment that answers the request in the place of the one it names, by `seldon.io/ambassador-header`: routes hand
 * it over before the filter's choice counts.
 */
export function findTakeover(
  { namespace, name, headers }: ExampleRequest,
  plans: readonly DeploymentPlan[],
): string | undefined {
  const has = (wanted: string, value: string | undefined): boolean =>
    headers.some(
      ([one, said]) => one.toLowerCase() === wanted.toLowerCase() && (value === undefined || said === value),
    );
  return plans.find(
    (plan) =>
      plan.namespace === namespace &&
      plan.takeover?.deployment === name &&
      plan.takeover.headers.every((one) => has(one.name, one.value)),
  )?.key;
}
