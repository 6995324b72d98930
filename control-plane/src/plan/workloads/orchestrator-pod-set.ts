import type { DefaultedPredictor } from "../../model/defaulted.ts";
import type { PlanContext } from "../context.ts";
import { orchestratorDeploymentName } from "../names.ts";
import type { PodSetPlan } from "../workload-plan.ts";
import {
  deploymentIdLabels,
  LABEL_APP,
  LABEL_DEPLOYMENT_ID,
  LABEL_HAS_ORCHESTRATOR,
  predictorService,
} from "./labels.ts";
import { orchestratorVolumes, planOrchestratorContainer } from "./orchestrator-container.ts";
import { certificateVolumes, podSecurityContext, POD_INFO_VOLUME, prometheusAnnotations } from "./pod-spec.ts";
import { orchestratorReplicas } from "./scaling.ts";
import { orchestratorGraceSeconds } from "./shutdown.ts";

/**
 * The Deployment of an orchestrator in pods of its own. Its pods bear the predictor's Service as `seldon-deployment-id`,
 * as Seldon's do: what a Deployment selects by can't be changed under running pods. The Deployment itself bears the
 * SeldonDeployment's, so that selecting by it finds all.
 */
export function planOrchestratorPodSet(context: PlanContext, predictor: DefaultedPredictor): PodSetPlan {
  const service = predictorService(context, predictor);
  const name = orchestratorDeploymentName(context.name, predictor.name);
  const selector = { [LABEL_DEPLOYMENT_ID]: service, [LABEL_APP]: service };
  const podLabels = { [LABEL_HAS_ORCHESTRATOR]: "true", app: name, fluentd: "true", ...predictor.labels, ...selector };
  const annotations = context.resource.spec.annotations ?? {};
  return {
    name,
    predictor: predictor.name,
    role: "orchestrator",
    labels: { ...podLabels, ...deploymentIdLabels(context) },
    annotations,
    selector,
    podLabels,
    podAnnotations: { ...prometheusAnnotations(context), ...annotations, ...predictor.annotations },
    podSpec: {
      serviceAccountName: context.options.workloads.orchestrator.serviceAccount,
      ...podSecurityContext(context, undefined),
      terminationGracePeriodSeconds: orchestratorGraceSeconds(context, undefined),
      containers: [planOrchestratorContainer(context, predictor, undefined)],
      volumes: [POD_INFO_VOLUME, ...certificateVolumes(predictor), ...orchestratorVolumes(context)],
    },
    ...orchestratorReplicas(context, predictor),
  };
}
