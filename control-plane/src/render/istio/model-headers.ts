import { HEADER_BRANCH, HEADER_PREDICTOR, HEADER_TIMEOUT_MS } from "#proto/vocabulary/headers.ts";
import type { PredictorPlan } from "../../plan/deployment-plan.ts";

/**
 * Headers of ours that an orchestrator obeys or nobody does: none is for a model. What answers repeat besides, of the request that
 * Envoy sent, must stay on it: a route can't remove a header and read it afterwards. The predictor's name it knows.
 */
export const NOT_FOR_MODELS: readonly string[] = [HEADER_PREDICTOR, HEADER_BRANCH, HEADER_TIMEOUT_MS];

/** Nobody stands between the route and the models of all these predictors, by itself or because calls go past it. */
export function leadsToModels(predictors: readonly PredictorPlan[], bypass: true | undefined): boolean {
  return bypass === true || predictors.every(({ orchestrator }) => orchestrator === "none");
}
