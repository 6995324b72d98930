import type { BypassPlan, DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import { graphName, predictorServiceName, seldonId, serviceHost } from "../../plan/names.ts";

/** A predictor of one model, as small as plans get. */
export function predictorFor(deployment: string, name: string, shadow = false): PredictorPlan {
  const service = predictorServiceName(deployment, name);
  return {
    name,
    shadow,
    traffic: 0,
    serviceName: service,
    serviceHost: serviceHost(service, "seldon"),
    httpPort: 8000,
    grpcPort: 5001,
    subsetLabels: { version: name },
    labels: { version: name },
    annotations: {},
    orchestrator: "sidecar",
    graph: {
      name: "classifier",
      type: "MODEL",
      methods: [],
      runs: {
        in: "container",
        container: "classifier",
        image: "classifier:1",
        endpoint: { host: "localhost", httpPort: 9000, grpcPort: 9500 },
      },
      parameters: [],
      children: [],
    },
    version: name,
    pods: [],
    orchestratorSettings: { env: {} },
  };
}

/** A deployment in namespace `seldon` with `weights` and `shadows` by predictor name. */
export function planFor(
  name: string,
  weights: Readonly<Record<string, number>>,
  shadows: Readonly<Record<string, number>> = {},
  changes: Partial<DeploymentPlan> = {},
): DeploymentPlan {
  const split = Object.entries(weights).map(([predictor, weight]) => ({ predictor, weight }));
  const copies = Object.entries(shadows).map(([predictor, percent]) => ({ predictor, percent }));
  return {
    key: graphName("seldon", name, "").slice(0, -1),
    namespace: "seldon",
    name,
    seldonId: seldonId(name),
    protocol: "seldon",
    transport: "rest",
    hosts: ["*"],
    gateways: ["istio-system/seldon-gateway"],
    predictors: [
      ...split.map(({ predictor }) => predictorFor(name, predictor)),
      ...copies.map(({ predictor }) => predictorFor(name, predictor, true)),
    ],
    split,
    shadows: copies,
    rules: [],
    fallback: [],
    permits: { force: [], explain: [] },
    workloads: { pods: [], services: [] },
    ...changes,
  };
}

/** The same with an explainer for each predictor. */
export function explained(plan: DeploymentPlan): DeploymentPlan {
  const predictors = plan.predictors.map((predictor) => {
    const serviceName = `${plan.name}-${predictor.name}-explainer`;
    return { ...predictor, explainer: { serviceName, serviceHost: serviceName, httpPort: 9000, subsetLabels: {} } };
  });
  return { ...plan, predictors };
}

/** The same with nothing in front of its models. */
export function bare(plan: DeploymentPlan): DeploymentPlan {
  return { ...plan, predictors: plan.predictors.map((predictor) => ({ ...predictor, orchestrator: "none" })) };
}

/** The same with a way past the orchestrators. */
export function withBypass(plan: DeploymentPlan): DeploymentPlan {
  const predictors = plan.predictors.map((predictor): PredictorPlan => {
    const serviceName = `${predictor.serviceName}-classifier`;
    const bypass: BypassPlan = {
      serviceName,
      serviceHost: serviceHost(serviceName, plan.namespace),
      httpPort: 9000,
      grpcPort: 9500,
      model: "classifier",
      transports: ["rest", "grpc"],
      allowedOrigins: "https://example.org",
      allowedHeaders: "X-100%",
    };
    return { ...predictor, bypass };
  });
  return { ...plan, predictors };
}
