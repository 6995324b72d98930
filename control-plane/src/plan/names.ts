import { createHash } from "node:crypto";

/** Longest name of a Kubernetes object or label value that Seldon writes unhashed. */
const MAX_NAME_LENGTH = 63;

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

function hashed(fullName: string): string {
  return `seldon-${md5(fullName)}`;
}

/** The name itself, or `seldon-<md5 of it>` when it is longer than 63 characters (Seldon 1.17.1). */
export function shorten(fullName: string): string {
  return fullName.length > MAX_NAME_LENGTH ? hashed(fullName) : fullName;
}

/** What Kubernetes takes as the name of a Service: RFC 1035. */
const SERVICE_NAME = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** What it takes as the name of a Deployment: RFC 1123, with dots. */
const OBJECT_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** A Service's name: hashed where it is too long, as in Seldon, or where Kubernetes would refuse it: a dot, a digit in front. */
function serviceName(fullName: string): string {
  return SERVICE_NAME.test(fullName) ? fullName : hashed(fullName);
}

/** A Deployment's name: hashed where it is too long, as in Seldon, or where Kubernetes would refuse it. */
function objectName(fullName: string): string {
  return OBJECT_NAME.test(fullName) ? shorten(fullName) : hashed(fullName);
}

/** Label value `seldon-deployment-id` and name of the VirtualService. */
export function seldonId(deployment: string): string {
  return shorten(deployment);
}

/** Name of a predictor's Service and DestinationRule; `seldon.io/svc-name` is taken word for word. */
export function predictorServiceName(deployment: string, predictor: string, svcName?: string): string {
  return svcName !== undefined && svcName !== "" ? svcName : serviceName(`${deployment}-${predictor}`);
}

/** Name of the Service of one container of the graph. */
export function containerServiceName(deployment: string, predictor: string, container: string): string {
  return serviceName(`${deployment}-${predictor}-${container}`);
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
  const name = objectName(full);
  if (name === full || !deploymentNameAsPrefix) return name;
  const prefixed = `${parts.deployment}-${md5(full)}`;
  return prefixed.length <= MAX_NAME_LENGTH ? prefixed : name;
}

/** Name of the Deployment of an orchestrator that has a pod of its own. */
export function orchestratorDeploymentName(deployment: string, predictor: string): string {
  return objectName(`${deployment}-${predictor}-svc-orch`);
}

/** Name of an explainer's Deployment, Service and DestinationRule. */
export function explainerName(deployment: string, predictor: string): string {
  return serviceName(`${deployment}-${predictor}-explainer`);
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

/** Name of the Envoy cluster of a predictor's one model, past its orchestrator. */
export function modelClusterName(namespace: string, deployment: string, predictor: string, kind: ClusterKind): string {
  return `${namespace}/${deployment}/${predictor}/model/${kind}`;
}

/** Name of the Envoy cluster of a predictor's explainer. */
export function explainerClusterName(namespace: string, deployment: string, predictor: string): string {
  return `${namespace}/${deployment}/${predictor}/explainer`;
}

/** Name of the VirtualService of an explainer: cut where it is too long, without a dash at the end (Seldon 1.17.1). */
export function explainerRouteName(explainerService: string): string {
  return `${explainerService}-http`.slice(0, MAX_NAME_LENGTH).replace(/-$/, "");
}

/** Name of a predictor's InferenceGraph. */
export function graphName(namespace: string, deployment: string, predictor: string): string {
  return `${namespace}/${deployment}/${predictor}`;
}
