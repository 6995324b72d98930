import type { Finding } from "../finding.ts";
import type { FieldPath } from "../model.ts";
import type { PredictorSpec } from "../seldon-deployment.ts";
import type { Rule } from "./rule.ts";

function onTraffic(code: Finding["code"], index: number, field: string, message: string): Finding {
  const at: FieldPath = ["spec", "predictors", index, field];
  return { code, at, path: "spec", message };
}

/** Rules 18 and 19. */
export const checkShadows: Rule = ({ predictors }, { maxShadows }) => {
  const shadows = predictors.flatMap(({ shadow, traffic = 0 }, index) => (shadow === true ? [{ index, traffic }] : []));
  return [
    ...shadows
      .slice(maxShadows)
      .map(({ index }) => onTraffic("ShadowsMany", index, "shadow", "Multiple shadows are not allowed")),
    ...shadows
      .filter(({ traffic }) => traffic < 0 || traffic > 100)
      .map(({ index }) => {
        const message = "shadow traffic is illegal, the traffic number should be between [0, 100]";
        return onTraffic("ShadowTrafficRange", index, "traffic", message);
      }),
  ];
};

/** Every predictor that is no shadow with its share. */
function listShares(predictors: readonly PredictorSpec[]): string {
  const live = predictors.filter(({ shadow }) => shadow !== true);
  return live.map(({ name, traffic }) => `${name} ${traffic ?? "none"}`).join(", ");
}

/** Rules 20 and 21. */
export const checkTraffic: Rule = ({ predictors }) => {
  const live = predictors.flatMap(({ shadow, traffic = 0 }, index) => (shadow === true ? [] : [{ index, traffic }]));
  const sum = live.reduce((total, { traffic }) => total + traffic, 0);
  if (live.length > 1 && sum !== 100) {
    const first = live[0]?.index ?? 0;
    const finding = onTraffic("TrafficSum", first, "traffic", "Traffic must sum to 100 for multiple predictors");
    return [{ ...finding, hint: `change the shares, which sum to ${sum}: ${listShares(predictors)}` }];
  }
  const only = predictors.length === 1 ? (predictors[0]?.traffic ?? 0) : 0;
  if (only <= 0 || only >= 100) return [];
  return [onTraffic("TrafficSingle", 0, "traffic", "Traffic must sum be 100 for a single predictor when set")];
};
