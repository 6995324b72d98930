import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import type { ServicePlan } from "../../plan/workload-plan.ts";
import type { SeldonDeploymentStatus, ServiceStatus } from "./seldon-status.ts";

/** Where the first predictor takes a prediction over REST, whatever the transport, as in Seldon 1.17.1. */
function predictionPath({ protocol }: DeploymentPlan, { graph }: PredictorPlan): string {
  switch (protocol) {
    case "seldon":
      return "/api/v1.0/predictions";
    case "tensorflow":
      return `/v1/models/${graph.name}:predict`;
    case "v2":
      return `/v2/models/${graph.name}/infer`;
  }
}

export function addressOf(plan: DeploymentPlan): NonNullable<SeldonDeploymentStatus["address"]> {
  const [first] = plan.predictors;
  if (first === undefined) return { url: "" };
  return { url: `http://${first.serviceHost}:${first.httpPort}${predictionPath(plan, first)}` };
}

function endpointOf(plan: DeploymentPlan, service: ServicePlan, portName: string): string | undefined {
  const port = service.ports.find((one) => one.name === portName)?.port;
  return port === undefined ? undefined : `${service.name}.${plan.namespace}:${port}`;
}

function statusOfService(plan: DeploymentPlan, service: ServicePlan): ServiceStatus {
  const httpEndpoint = endpointOf(plan, service, "http");
  const grpcEndpoint = endpointOf(plan, service, "grpc");
  const explained = plan.predictors.find((one) => service.role === "explainer" && one.name === service.predictor);
  return {
    svcName: service.name,
    ...(httpEndpoint === undefined ? {} : { httpEndpoint }),
    ...(grpcEndpoint === undefined ? {} : { grpcEndpoint }),
    ...(explained === undefined ? {} : { explainerFor: explained.serviceName }),
  };
}

/** Every Service and where it is reached; of an explainer also the predictor's Service. */
export function serviceStatusOf(plan: DeploymentPlan): Readonly<Record<string, ServiceStatus>> {
  return Object.fromEntries(plan.workloads.services.map((one) => [one.name, statusOfService(plan, one)]));
}
