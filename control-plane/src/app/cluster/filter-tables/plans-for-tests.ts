import type { DeploymentPlan } from "../../../plan/deployment-plan.ts";

/** A deployment with predictors `main` and, if given, others, by weight. */
export function planFor(
  key: string,
  more: Partial<DeploymentPlan> = {},
  weights: Readonly<Record<string, number>> = { main: 100 },
): DeploymentPlan {
  const [namespace = "", name = ""] = key.split("/");
  const predictors = Object.keys(weights).map((one) => ({
    name: one,
    serviceHost: `${name}-${one}.${namespace}.svc.cluster.local`,
    httpPort: 8000,
    grpcPort: 5001,
  }));
  return {
    key,
    namespace,
    name,
    seldonId: name,
    protocol: "seldon",
    transport: "rest",
    hosts: ["*"],
    gateways: ["istio-system/public"],
    predictors: predictors as unknown as DeploymentPlan["predictors"],
    split: Object.entries(weights).map(([predictor, weight]) => ({ predictor, weight })),
    shadows: [],
    rules: [],
    fallback: [],
    permits: { force: [], explain: [] },
    workloads: { pods: [], services: [] },
    ...more,
  };
}
