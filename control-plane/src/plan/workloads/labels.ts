import type { DefaultedNode, DefaultedPredictor } from "../../model/defaulted.ts";
import type { StringMap } from "../../model/kubernetes.ts";
import type { PlanContext } from "../context.ts";
import { containerServiceName, predictorServiceName, seldonId, shorten } from "../names.ts";
import { readPredictorAnnotations } from "../../model/read-annotations.ts";

/** The label of everything that belongs to a SeldonDeployment; its value is the deployment's name or hash. */
export const LABEL_DEPLOYMENT_ID = "seldon-deployment-id";
/** The label that a predictor's Service selects by; its value is the Service's name. */
export const LABEL_APP = "seldon-app";
/** Marks Deployments whose pods have an orchestrator. */
export const LABEL_HAS_ORCHESTRATOR = "seldon-deployment-contains-svcorch";
/** Tells pods apart that Seldon's labels do not; its value is the name of their Deployment. */
export const LABEL_POD_SET = "graphway.dev/pod-set";

/** As Seldon has it, so that selections by users go on working. */
export const MANAGED_BY: StringMap = { "app.kubernetes.io/managed-by": "seldon-core" };

const TYPE_LABELS: Readonly<Record<string, string>> = {
  ROUTER: "seldon.io/router",
  COMBINER: "seldon.io/combiner",
  MODEL: "seldon.io/model",
  TRANSFORMER: "seldon.io/transformer",
  OUTPUT_TRANSFORMER: "seldon.io/output-transformer",
};

/** What a node is, as labels of its pod and its Service. */
export function typeLabels({ explainer }: DefaultedPredictor, { type }: DefaultedNode): StringMap {
  if (type === undefined) return (explainer?.type ?? "") === "" ? {} : { "seldon.io/explainer": "true" };
  const label = Object.hasOwn(TYPE_LABELS, type) ? TYPE_LABELS[type] : undefined;
  return label === undefined ? {} : { [label]: "true" };
}

export function shadowLabels({ shadow }: DefaultedPredictor): StringMap {
  return shadow === true ? { "seldon.io/shadow": "true" } : {};
}

/** The label that a container's Service selects by. A key with a long name is hashed as names are. */
export function containerLabels({ name }: PlanContext, predictor: DefaultedPredictor, container: string): StringMap {
  const key = shorten(`seldon-app-svc-${container}`);
  return { [key]: containerServiceName(name, predictor.name, container) };
}

/** Label value and Service name of a predictor. */
export function predictorService({ name }: PlanContext, predictor: DefaultedPredictor): string {
  return predictorServiceName(name, predictor.name, readPredictorAnnotations(predictor).serviceName);
}

export function deploymentIdLabels({ name }: PlanContext): StringMap {
  return { [LABEL_DEPLOYMENT_ID]: seldonId(name) };
}
