import type { DefaultedPredictor } from "../model/defaulted.ts";
import { readPredictorAnnotations } from "../model/read-annotations.ts";
import { planPods } from "./containers.ts";
import type { PlanContext } from "./context.ts";
import type { GraphNode, OrchestratorPlacement, PredictorPlan } from "./deployment-plan.ts";
import { planGraph } from "./graph.ts";
import { predictorServiceName, serviceHost } from "./names.ts";
import { placeOrchestrator, planOrchestratorSettings, servingPods } from "./orchestrator.ts";
import type { ComponentPod } from "./workloads/component-pod.ts";
import { planExplainer } from "./workloads/explainer.ts";

/** The ports of the predictor's Service: the orchestrator's, or the model's own where there is none. */
function servicePorts(
  { options }: PlanContext,
  placement: OrchestratorPlacement,
  { runs }: GraphNode,
): Pick<PredictorPlan, "httpPort" | "grpcPort"> {
  if (placement === "none" && runs.in === "container") {
    return { httpPort: runs.endpoint.httpPort, grpcPort: runs.endpoint.grpcPort };
  }
  return { httpPort: options.orchestratorHttpPort, grpcPort: options.orchestratorGrpcPort };
}

/** The label `version` that the serving pods really bear: a componentSpec's own label wins over the predictor's. */
function podVersion(predictor: DefaultedPredictor, placement: OrchestratorPlacement): string {
  const own = predictor.labels["version"] ?? predictor.name;
  const [pod] = servingPods(predictor, placement);
  return pod === undefined ? own : (predictor.componentSpecs[pod]?.metadata?.labels?.["version"] ?? own);
}

/** What the names of clusters, Services and subsets may consist of. */
const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;

/** One predictor with its names, ports, graph and pods. */
export function planPredictor(
  context: PlanContext,
  predictor: DefaultedPredictor,
  index: number,
  pods: readonly ComponentPod[],
): PredictorPlan {
  if (!NAME.test(predictor.name)) {
    const message = `predictor name ${JSON.stringify(predictor.name)} cannot stand in names of Services and clusters`;
    context.report({ code: "PredictorNameUnfit", at: ["spec", "predictors", index, "name"], message });
  }
  const placement = placeOrchestrator(context, predictor);
  const graph = planGraph(context, predictor, placement);
  if (placement === "none" && graph.runs.in === "orchestrator") {
    const message = `predictor ${predictor.name} runs without orchestrator, but node ${graph.name} is built into it`;
    context.report({ code: "NodeNeedsOrchestrator", at: ["spec", "predictors", index, "graph"], message });
  }
  const explainer = planExplainer(context, predictor);
  const serviceName = predictorServiceName(
    context.name,
    predictor.name,
    readPredictorAnnotations(predictor).serviceName,
  );
  return {
    name: predictor.name,
    shadow: predictor.shadow === true,
    traffic: predictor.traffic ?? 0,
    serviceName,
    serviceHost: serviceHost(serviceName, context.namespace, context.options.clusterDomain),
    ...servicePorts(context, placement, graph),
    subsetLabels: { version: podVersion(predictor, placement) },
    labels: predictor.labels,
    annotations: predictor.annotations ?? {},
    orchestrator: placement,
    graph,
    version: predictor.labels["version"] ?? predictor.name,
    pods: planPods(pods),
    orchestratorSettings: planOrchestratorSettings(context, predictor, placement),
    ...(explainer === undefined ? {} : { explainer }),
  };
}
