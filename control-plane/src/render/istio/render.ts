import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { problem, type Checked, type Problem } from "../../problem/problem.ts";
import type { JsonObject } from "../xds/resource.ts";
import { renderDestinationRule } from "./destination-rule.ts";
import { renderExplainers } from "./explainer.ts";
import { DEFAULT_ISTIO_OPTIONS, TLS_MODES, type IstioOptions } from "./options.ts";
import type { TakeoverRoutes } from "./takeover.ts";
import { renderVirtualService } from "./virtual-service.ts";

/** Names of subsets must be DNS labels. */
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

function unexpressed(plan: DeploymentPlan, options: IstioOptions): readonly Problem[] {
  const found: Problem[] = [];
  const say = (path: string, message: string, hint: string): void => {
    found.push(problem("IstioInexpressible", { object: plan.key, path, message, hint }));
  };
  if (options.tlsMode !== "" && !TLS_MODES.includes(options.tlsMode)) {
    say("", `Istio has no TLS mode ${options.tlsMode}; none is set`, `use one of ${TLS_MODES.join(", ")}`);
  }
  plan.predictors.forEach((predictor, index) => {
    if (DNS_LABEL.test(predictor.name)) return;
    const message = `Istio takes no subset named ${predictor.name}`;
    say(`spec.predictors[${index}].name`, message, "use lower-case letters, digits and dashes");
  });
  if (plan.shadows.length > 1) {
    const away = options.namedEntries ? "while the filter is away" : "without the filter";
    const message = `${away} only the first shadow gets copies`;
    say("spec.predictors", message, "mark one predictor as shadow if that matters");
  }
  return found;
}

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
  const rules = plan.predictors.map((predictor) => renderDestinationRule(plan, predictor, settings));
  const explainers = renderExplainers(plan, settings);
  const value = [...rules, ...explainers.rules, renderVirtualService(plan, settings, takeovers), ...explainers.routes];
  return { value, problems: unexpressed(plan, settings) };
}
