import type { DefaultedPredictor } from "../../model/defaulted.ts";
import type { PlanContext } from "../context.ts";
import type { OrchestratorPlacement } from "../deployment-plan.ts";
import { containerServiceName } from "../names.ts";
import type { ServicePlan } from "../workload-plan.ts";
import type { ComponentPod } from "./component-pod.ts";
import {
  containerLabels,
  deploymentIdLabels,
  LABEL_APP,
  MANAGED_BY,
  predictorService,
  shadowLabels,
  typeLabels,
} from "./labels.ts";

/** Ports of a Service; it can't have one number twice, so then the one that the deployment is called by stays. */
function ports({ transport }: PlanContext, http: number, grpc: number): ServicePlan["ports"] {
  if (http === grpc) return [{ name: transport === "grpc" ? "grpc" : "http", port: http }];
  return [
    { name: "http", port: http },
    { name: "grpc", port: grpc },
  ];
}

/** The Service of a predictor: its orchestrator, or the model itself where there is none. */
export function planPredictorService(
  context: PlanContext,
  predictor: DefaultedPredictor,
  placement: OrchestratorPlacement,
): ServicePlan {
  const { annotations, options } = context;
  const name = predictorService(context, predictor);
  const { httpPort, grpcPort } =
    placement === "none" && predictor.graph.endpoint !== undefined
      ? predictor.graph.endpoint
      : { httpPort: options.orchestratorHttpPort, grpcPort: options.orchestratorGrpcPort };
  return {
    name,
    predictor: predictor.name,
    role: "predictor",
    labels: { [LABEL_APP]: name, ...deploymentIdLabels(context), ...MANAGED_BY },
    annotations: predictor.annotations ?? {},
    selector: { [LABEL_APP]: name },
    ports: ports(context, httpPort, grpcPort),
    headless: annotations.headlessService,
  };
}

/** The Services of a predictor's graph containers, one per name. */
export function planContainerServices(
  context: PlanContext,
  predictor: DefaultedPredictor,
  pods: readonly ComponentPod[],
): readonly ServicePlan[] {
  const app = predictorService(context, predictor);
  const byName = new Map<string, ServicePlan>();
  for (const { node } of pods.flatMap(({ containers }) => containers)) {
    if (node?.endpoint === undefined || byName.has(node.name)) continue;
    const selector = containerLabels(context, predictor, node.name);
    byName.set(node.name, {
      name: containerServiceName(context.name, predictor.name, node.name),
      predictor: predictor.name,
      role: "container",
      labels: {
        ...selector,
        ...deploymentIdLabels(context),
        [LABEL_APP]: app,
        ...typeLabels(predictor, node),
        ...shadowLabels(predictor),
        ...MANAGED_BY,
      },
      annotations: predictor.annotations ?? {},
      selector,
      ports: ports(context, node.endpoint.httpPort, node.endpoint.grpcPort),
      headless: false,
    });
  }
  return [...byName.values()];
}
