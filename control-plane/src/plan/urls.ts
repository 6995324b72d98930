/** URL prefix of a deployment at the gateway, as in Seldon. */
export function urlPrefix(plan: { readonly namespace: string; readonly name: string }): string {
  return `/seldon/${plan.namespace}/${plan.name}/`;
}

/** Name under which a deployment's explainers are called; another deployment may really have it. */
export function explainersName(deployment: string): string {
  return `${deployment}-explainer`;
}

/** URL prefix of a predictor's explainer at the gateway, as in Seldon. */
export function explainerUrlPrefix(
  plan: { readonly namespace: string; readonly name: string },
  predictor: string,
): string {
  return `/seldon/${plan.namespace}/${explainersName(plan.name)}/${predictor}/`;
}

/** Paths of a feedback call behind the prefix. */
export const FEEDBACK_PATHS: readonly string[] = ["/api/v1.0/feedback", "/api/v0.1/feedback"];
/** Path of a feedback call in gRPC. */
export const GRPC_FEEDBACK_PATH = "/seldon.protos.Seldon/SendFeedback";
