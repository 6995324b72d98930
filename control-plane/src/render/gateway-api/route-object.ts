import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { JsonObject } from "../xds/resource.ts";

const API_VERSION = "gateway.networking.k8s.io/v1";

/** The gateway by which Istio means its sidecars; Gateway API has no such parent for a route of a host. */
export const MESH = "mesh";

/** `namespace/name`, or a name in the deployment's own namespace. */
function parentRef(gateway: string, listener: string): JsonObject {
  const [first = "", second] = gateway.split("/");
  const place = second === undefined ? { name: first } : { namespace: first, name: second };
  return { ...place, ...(listener === "" ? {} : { sectionName: listener }) };
}

/** An HTTPRoute or GRPCRoute of a deployment: its gateways as parents, its hosts. Without `hostnames`: any host. */
export function routeObject(
  kind: "HTTPRoute" | "GRPCRoute",
  name: string,
  plan: DeploymentPlan,
  listener: string,
  rules: readonly JsonObject[],
): JsonObject {
  const parents = plan.gateways.filter((gateway) => gateway !== MESH);
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: { name, namespace: plan.namespace },
    spec: {
      parentRefs: parents.map((gateway) => parentRef(gateway, listener)),
      ...(plan.hosts.includes("*") ? {} : { hostnames: plan.hosts }),
      rules,
    },
  };
}
