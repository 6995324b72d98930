import type { Finding } from "../finding.ts";
import type { Rule } from "./rule.ts";

/** Traffic that passes the rules by accident. */
export const warnOfTraffic: Rule = ({ predictors }) => {
  const live = predictors.filter((predictor) => predictor.shadow !== true).length;
  return predictors.flatMap(({ shadow, traffic }, index) => {
    if (traffic === undefined || shadow === true) return [];
    const suspect = (message: string): readonly Finding[] => [
      { code: "TrafficSuspect", at: ["spec", "predictors", index, "traffic"], message },
    ];
    if (traffic < 0) return suspect("negative traffic gets no requests");
    if (traffic > 100) return suspect("traffic above 100 means all of it");
    if (predictors.length > 1 && live === 1 && traffic > 0 && traffic < 100) {
      return suspect("the only predictor that is no shadow gets all the traffic, whatever is written here");
    }
    return [];
  });
};
