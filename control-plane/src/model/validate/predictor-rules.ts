import type { Finding } from "../finding.ts";
import type { FieldPath } from "../model.ts";
import type { PredictorSpec } from "../seldon-deployment.ts";
import type { Rule } from "./rule.ts";

function onPredictor(index: number, code: Finding["code"], field: FieldPath, message: string): Finding {
  return { code, at: ["spec", "predictors", index, ...field], path: `spec.predictors[${index}]`, message };
}

/** Rules 5 and 7. */
export const checkCount: Rule = ({ predictors }) => {
  const [only] = predictors;
  if (only === undefined) {
    return [
      { code: "PredictorsMissing", at: ["spec", "predictors"], path: "spec", message: "Graph contains no predictors" },
    ];
  }
  if (predictors.length > 1 || only.shadow !== true) return [];
  return [onPredictor(0, "ShadowAlone", ["shadow"], "Shadow can not exist as only predictor")];
};

/** Rules 6 and 9. */
export const checkPredictorNames: Rule = ({ predictors }) => [
  ...repeated(predictors, (predictor) => predictor.annotations?.["seldon.io/svc-name"]).map(({ index, value }) => {
    const message = `Found duplicate service name in seldon.io/svc-name with value ${value}`;
    return onPredictor(index, "ServiceNameDuplicate", ["annotations", "seldon.io/svc-name"], message);
  }),
  ...repeated(predictors, (predictor) => predictor.name).map(({ index }) =>
    onPredictor(index, "PredictorDuplicate", ["name"], "Duplicate predictor name"),
  ),
];

/** Every predictor whose value an earlier one had. */
function repeated(
  predictors: readonly PredictorSpec[],
  valueOf: (predictor: PredictorSpec) => string | undefined,
): readonly { readonly index: number; readonly value: string }[] {
  const seen = new Set<string>();
  return predictors.flatMap((predictor, index) => {
    const value = valueOf(predictor);
    if (value === undefined) return [];
    if (seen.has(value)) return [{ index, value }];
    seen.add(value);
    return [];
  });
}

/** Rule 8: the annotation counts when present, whatever its value. */
export const checkNoEngine: Rule = ({ predictors }) =>
  predictors.flatMap(({ annotations, graph }, index) => {
    const present = annotations !== undefined && Object.hasOwn(annotations, "seldon.io/no-engine");
    if (!present || (graph.children ?? []).length === 0) return [];
    const message = "Running without engine only valid for single element graphs";
    return [onPredictor(index, "NoEngineGraph", ["annotations", "seldon.io/no-engine"], message)];
  });
