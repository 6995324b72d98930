import type { DefaultedPredictor } from "../model/defaulted.ts";
import type { PlanContext } from "./context.ts";
import type { ShadowEntry, SplitEntry } from "./traffic-plan.ts";

/** A predictor alone takes everything, whatever its `traffic` says. */
const ALL = 100;

function reportNegative(context: PlanContext, predictors: readonly DefaultedPredictor[]): void {
  predictors.forEach(({ name, traffic = 0 }, index) => {
    if (traffic >= 0) return;
    const message = `predictor ${name} has traffic ${traffic}; a share cannot be negative`;
    context.report({ code: "TrafficNegative", at: ["spec", "predictors", index, "traffic"], message });
  });
}

/** The shares of the predictors that answer. Weight 0 stays in the list: it gets nothing, but is ready to. */
export function planSplit(context: PlanContext): readonly SplitEntry[] {
  const { predictors } = context.resource.spec;
  reportNegative(context, predictors);
  const live = predictors.filter((predictor) => predictor.shadow !== true);
  const [only, ...others] = live;
  if (only === undefined) return [];
  if (others.length === 0) return [{ predictor: only.name, weight: ALL }];
  const split = live.map(({ name, traffic = 0 }) => ({ predictor: name, weight: traffic }));
  if (split.some((entry) => entry.weight > 0)) return split;
  context.report({ code: "TrafficMissing", at: ["spec", "predictors"], message: "no predictor gets traffic" });
  return split;
}

/** The shadows: `traffic` is the share of requests that is copied; 0 or nothing copies all of them. */
export function planShadows({ resource }: PlanContext): readonly ShadowEntry[] {
  return resource.spec.predictors
    .filter((predictor) => predictor.shadow === true)
    .map(({ name, traffic = 0 }) => ({ predictor: name, percent: traffic > 0 ? Math.min(traffic, ALL) : ALL }));
}
