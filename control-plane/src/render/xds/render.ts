import { MAX_SHADOWS_PER_REQUEST } from "#proto/vocabulary/limits.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { problem, type Checked, type Problem } from "../../problem/problem.ts";
import { renderClusters } from "./cluster.ts";
import { renderListener } from "./listener.ts";
import { memoized } from "./memo.ts";
import { completeOptions, type XdsOptions } from "./options.ts";
import { groupPlans, type PlanGroup } from "./plan-groups.ts";
import { renderRateLimits } from "./rate-limits.ts";
import type { XdsResource } from "./resource.ts";
import { renderRouteConfiguration } from "./route-configuration.ts";

function hasTooManyShadows({ shadows }: DeploymentPlan): boolean {
  return shadows.length > MAX_SHADOWS_PER_REQUEST;
}

function tooManyShadows(plan: DeploymentPlan): Problem {
  const beyond = plan.shadows.slice(MAX_SHADOWS_PER_REQUEST).map((shadow) => shadow.predictor);
  const message = `at most ${String(MAX_SHADOWS_PER_REQUEST)} shadows get copies; left out: ${beyond.join(", ")}`;
  return problem("TooManyShadows", { object: plan.key, path: "spec.predictors", message });
}

const problemsOf = memoized((group: PlanGroup) => group.filter(hasTooManyShadows).map(tooManyShadows));

/** What of the plans cannot be rendered for our own Envoy. */
export function xdsProblems(plans: readonly DeploymentPlan[]): readonly Problem[] {
  return groupPlans(plans).flatMap(problemsOf);
}

/**
 * Everything our own Envoy needs from the plans: clusters, the listener, the routes and the rate limits, in the order in
 * which they must arrive. Endpoints and the filter come by `renderEndpoints` and `renderFilterConfig`, each at its own pace.
 */
export function renderXds(
  plans: readonly DeploymentPlan[],
  options: Partial<XdsOptions> = {},
): Checked<readonly XdsResource[]> {
  const settings = completeOptions(options);
  const clusters = renderClusters(plans, settings);
  const value = [
    ...clusters,
    renderListener(settings),
    renderRouteConfiguration(plans, settings),
    renderRateLimits(plans),
  ];
  return { value, problems: xdsProblems(plans) };
}
