import type { DeploymentPlan, NodeEndpoint } from "../../plan/deployment-plan.ts";

/** The port that readiness connects to: the gRPC one where the deployment or the node speaks gRPC. */
export function servicePort(plan: DeploymentPlan, endpoint: NodeEndpoint): number {
  const speaksGrpc = plan.transport === "grpc" || endpoint.transport === "grpc";
  return speaksGrpc ? endpoint.grpcPort : endpoint.httpPort;
}
