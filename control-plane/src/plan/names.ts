import { createHash } from "node:crypto";

/** Longest name of a Kubernetes object or label value that Seldon writes unhashed. */
const MAX_NAME_LENGTH = 63;

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

/** The name itself, or `seldon-<md5 of it>` when it is longer than 63 characters (Seldon 1.17.1). */
export function shorten(fullName: string): string {
  return fullName.length > MAX_NAME_LENGTH ? `seldon-${md5(fullName)}` : fullName;
}

/** Label value `seldon-deployment-id` and name of the VirtualService. */
export function seldonId(deployment: string): string {
  return shorten(deployment);
}

/** Name of a predictor's Service and DestinationRule; `seldon.io/svc-name` is taken word for word. */
export function predictorServiceName(deployment: string, predictor: string, svcName?: string): string {
  return svcName !== undefined && svcName !== "" ? svcName : shorten(`${deployment}-${predictor}`);
}

/** Name of the Service of one container of the graph. */
export function containerServiceName(deployment: string, predictor: string, container: string): string {
  return shorten(`${deployment}-${predictor}-${container}`);
}

/** What the name of a componentSpec's Deployment is made of. */
export interface PodNameParts {
  readonly deployment: string;
  readonly predictor: string;
  /** Index of the componentSpec. */
  readonly index: number;
  /** `metadata.name` of the componentSpec, if any. */
  readonly specName?: string;
  readonly containers: readonly string[];
}

/** Name of the Deployment of a componentSpec; with `deploymentNameAsPrefix` a hash keeps the deployment's name in front where that fits. */
export function podDeploymentName(parts: PodNameParts, deploymentNameAsPrefix = false): string {
  const last = parts.specName !== undefined && parts.specName !== "" ? parts.specName : parts.containers.join("-");
  const full = `${parts.deployment}-${parts.predictor}-${String(parts.index)}-${last}`;
  if (full.length <= MAX_NAME_LENGTH || !deploymentNameAsPrefix) return shorten(full);
  const prefixed = `${parts.deployment}-${md5(full)}`;
  return prefixed.length <= MAX_NAME_LENGTH ? prefixed : shorten(full);
}

/** Name of the Deployment of an orchestrator that has a pod of its own. */
export function orchestratorDeploymentName(deployment: string, predictor: string): string {
  return shorten(`${deployment}-${predictor}-svc-orch`);
}

/** Name of an explainer's Deployment, Service and DestinationRule. */
export function explainerName(deployment: string, predictor: string): string {
  return shorten(`${deployment}-${predictor}-explainer`);
}

/** Fully qualified host of a Service. */
export function serviceHost(service: string, namespace: string, clusterDomain = "cluster.local"): string {
  return `${service}.${namespace}.svc.${clusterDomain}`;
}

/** The two ways a predictor is called: HTTP/1.1 on its `http` port, HTTP/2 on its `grpc` port. */
export type ClusterKind = "http" | "grpc";
export const CLUSTER_KINDS: readonly ClusterKind[] = ["http", "grpc"];

/** Name of the Envoy cluster (and its endpoints) of a predictor in the gateway and in local mode. */
export function clusterName(namespace: string, deployment: string, predictor: string, kind: ClusterKind): string {
  return `${namespace}/${deployment}/${predictor}/${kind}`;
}

/** Name of a predictor's InferenceGraph. */
export function graphName(namespace: string, deployment: string, predictor: string): string {
  return `${namespace}/${deployment}/${predictor}`;
}
