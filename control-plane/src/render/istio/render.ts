import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { Checked } from "../../problem/problem.ts";
import type { JsonObject } from "../xds/resource.ts";
import { renderDestinationRule, renderModelRules } from "./destination-rule.ts";
import { renderExplainers } from "./explainer.ts";
import { findInexpressible } from "./inexpressible.ts";
import { DEFAULT_ISTIO_OPTIONS, type IstioOptions } from "./options.ts";
import type { TakeoverRoutes } from "./takeover.ts";
import { renderVirtualService } from "./virtual-service.ts";

/**
 * The Istio objects of a deployment: DestinationRules first, so that no route names a subset that is not there yet.
 *
 * @param takeovers deployments that answer some of its requests, in the order in which they are asked
 */
export function renderIstio(
  plan: DeploymentPlan,
  options: Partial<IstioOptions> = {},
  takeovers: readonly TakeoverRoutes[] = [],
): Checked<readonly JsonObject[]> {
  const settings = { ...DEFAULT_ISTIO_OPTIONS, ...options };
  const rules = [
    ...plan.predictors.map((predictor) => renderDestinationRule(plan, predictor, settings)),
    ...renderModelRules(plan, settings),
  ];
  const explainers = renderExplainers(plan, settings);
  const value = [...rules, ...explainers.rules, renderVirtualService(plan, settings, takeovers), ...explainers.routes];
  return { value, problems: findInexpressible(plan, settings) };
}

/** The VirtualService of its predictors alone: what changes when predictors come and go. */
export function renderPredictorRoutes(
  plan: DeploymentPlan,
  options: Partial<IstioOptions> = {},
  takeovers: readonly TakeoverRoutes[] = [],
): JsonObject {
  return renderVirtualService(plan, { ...DEFAULT_ISTIO_OPTIONS, ...options }, takeovers);
}
