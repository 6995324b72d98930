import { clusterName } from "../../plan/names.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";

/** What a cluster is named for: to answer requests, or to get copies of them. */
export type ClusterUse = "split" | "shadow";

/** Envoy's name of a predictor's cluster; empty: the filter names no cluster for it. */
export type ClusterNaming = (
  plan: DeploymentPlan,
  predictor: string,
  transport: "http" | "grpc",
  use: ClusterUse,
) => string;

/** The clusters of our own gateway, and of local mode. */
export const OWN_CLUSTERS: ClusterNaming = (plan, predictor, transport) =>
  clusterName(plan.namespace, plan.name, predictor, transport);

/**
 * The clusters that istiod makes: `outbound|<port>|<subset>|<host>` for shadows, whose copies Envoy sends by themselves. Where a
 * request goes is said by the VirtualService, which matches the predictor's name, so predictors have none.
 */
export const ISTIO_CLUSTERS: ClusterNaming = (plan, predictor, transport, use) => {
  const target = use === "shadow" ? plan.predictors.find((one) => one.name === predictor) : undefined;
  if (target === undefined) return "";
  const port = transport === "http" ? target.httpPort : target.grpcPort;
  return `outbound|${String(port)}|${target.name}|${target.serviceHost}`;
};
