import type { Fields, KubeObject } from "../runner/kube.ts";
import type { Resource } from "./defaults.ts";

const CONDITIONS: readonly (readonly [type: string, reason: string])[] = [
  ["AmbassadorMappingsReady", "No Ambassador Mappaings defined"],
  ["DeploymentsReady", "MinimumReplicasAvailable"],
  ["HpasReady", "No HPAs defined"],
  ["KedaReady", "No KEDA resources defined"],
  ["PdbsReady", "No PDBs defined"],
  ["Ready", ""],
  ["ServicesReady", "All services created"],
  ["istioVirtualServicesReady", "All VirtualServices created"],
];

/** The status of a SeldonDeployment that is *Available*. */
export function status(resource: Resource, deployments: readonly KubeObject[], nowText: string): Fields {
  const { namespace, predictors } = resource;
  const [first] = predictors;
  const fronts = predictors.map(({ service }) => {
    const host = `${service}.${namespace}`;
    return [service, { svcName: service, httpEndpoint: `${host}:8000`, grpcEndpoint: `${host}:5001` }];
  });
  const pods = deployments.map(({ metadata, status: seen }) => {
    const { replicas = 0, availableReplicas = 0 } = (seen ?? {}) as Readonly<Record<string, number>>;
    return [metadata.name, { replicas, availableReplicas }];
  });
  return {
    state: "Available",
    replicas: 1,
    address: { url: `http://${first?.service}.${namespace}.svc.cluster.local:8000/api/v1.0/predictions` },
    deploymentStatus: Object.fromEntries(pods) as Fields,
    serviceStatus: Object.fromEntries(fronts) as Fields,
    conditions: CONDITIONS.map(([type, reason]) => {
      return { type, status: "True", lastTransitionTime: nowText, ...(reason === "" ? {} : { reason }) };
    }),
  };
}
