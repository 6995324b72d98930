import type { DeploymentPlan } from "../control-plane/src/plan/deployment-plan.ts";
import type { ExampleRequest } from "../control-plane/src/render/explain/example-request.ts";

/**
 * The key of the deployment that answers the request in the place of the one it names, by `seldon.io/ambassador-header`: routes hand
 * it over before the filter's choice counts. Of several, routes ask the one whose key sorts first; a header that stands twice has
 * both values, joined by a comma, as Envoy sees it.
 */
export function findTakeover(
  { namespace, name, headers }: ExampleRequest,
  plans: readonly DeploymentPlan[],
): string | undefined {
  const has = (wanted: string, value: string | undefined): boolean => {
    const said = headers.flatMap(([one, text]) => (one.toLowerCase() === wanted.toLowerCase() ? [text] : []));
    return said.length > 0 && (value === undefined || said.join(",") === value);
  };
  const takers = plans.filter(
    (plan) =>
      plan.namespace === namespace &&
      plan.takeover?.deployment === name &&
      plan.takeover.headers.every((one) => has(one.name, one.value)),
  );
  return takers.map(({ key }) => key).toSorted()[0];
}
