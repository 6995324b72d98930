import type { DefaultedPredictor } from "../../model/defaulted.ts";
import type { StringMap } from "../../model/kubernetes.ts";
import type { PlanContext } from "../context.ts";
import type { ExplainerPlan, OrchestratorPlacement } from "../deployment-plan.ts";
import { explainerName, serviceHost } from "../names.ts";
import { placeOrchestrator } from "../orchestrator.ts";
import type { PodSetPlan, PodSpec, ServicePlan } from "../workload-plan.ts";
import { explainerOf, explainerPort, planExplainerContainer, type Explained } from "./explainer-container.ts";
import { deploymentIdLabels, LABEL_APP, MANAGED_BY, predictorService, shadowLabels } from "./labels.ts";
import {
  DEFAULT_GRACE_SECONDS,
  joinVolumes,
  podSecurityContext,
  POD_INFO_VOLUME,
  prometheusAnnotations,
} from "./pod-spec.ts";
import { addModelDownload, claimOf } from "./server/model-download.ts";

/** Who a pod runs as that does not say. */
const DEFAULT_SERVICE_ACCOUNT = "default";

/** Ports of the predictor's Service, as its explainer calls it. */
function predictorPorts(
  { options }: PlanContext,
  { graph }: DefaultedPredictor,
  placement: OrchestratorPlacement,
): Pick<Explained, "httpPort" | "grpcPort"> {
  if (placement === "none" && graph.endpoint !== undefined) return graph.endpoint;
  return { httpPort: options.orchestratorHttpPort, grpcPort: options.orchestratorGrpcPort };
}

function explained(context: PlanContext, predictor: DefaultedPredictor): Explained | undefined {
  const explainer = explainerOf(predictor);
  if (explainer === undefined) return undefined;
  const host = `${predictorService(context, predictor)}.${context.namespace}`;
  return {
    predictor,
    explainer,
    host,
    ...predictorPorts(context, predictor, placeOrchestrator(context, predictor)),
  };
}

/** None while its predictor has none: there is nothing to ask. */
function replicasOf({ resource }: PlanContext, { predictor, explainer }: Explained): Pick<PodSetPlan, "replicas"> {
  const replicas = (predictor.replicas ?? resource.spec.replicas) === 0 ? 0 : explainer.replicas;
  return replicas === undefined ? {} : { replicas };
}

function planPodSpec(context: PlanContext, subject: Explained, name: string): PodSpec {
  const { explainer } = subject;
  const container = planExplainerContainer(context, subject, name);
  const account = explainer.serviceAccountName ?? "";
  const uri = explainer.modelUri ?? "";
  const claim = claimOf(uri);
  const download =
    uri === ""
      ? { container, initContainers: [], volumes: [] }
      : addModelDownload(context, container, {
          uri,
          ...(explainer.storageInitializerImage === undefined ? {} : { image: explainer.storageInitializerImage }),
          ...(explainer.envSecretRefName === undefined ? {} : { secretName: explainer.envSecretRefName }),
          serviceAccount: account === "" ? DEFAULT_SERVICE_ACCOUNT : account,
          claims: claim === undefined ? [] : [claim],
          written: [],
        });
  return {
    ...(account === "" ? {} : { serviceAccountName: account }),
    ...podSecurityContext(context, undefined),
    terminationGracePeriodSeconds: DEFAULT_GRACE_SECONDS,
    ...(download.initContainers.length === 0 ? {} : { initContainers: download.initContainers }),
    containers: [download.container],
    volumes: joinVolumes([], [...download.volumes, POD_INFO_VOLUME]),
  };
}

/** Labels of everything that belongs to an explainer. */
function explainerLabels(predictor: DefaultedPredictor): StringMap {
  return { ...MANAGED_BY, "seldon.io/explainer": "true", ...shadowLabels(predictor) };
}

/**
 * The pods of an explainer. In Seldon 1.17.1 they are selected by the deployment's id alone, which every other pod of it
 * bears too; here by their Service's name as well, which they bear in Seldon already.
 */
function planPodSet(context: PlanContext, subject: Explained, name: string): PodSetPlan {
  const { predictor } = subject;
  const { annotations = {} } = context.resource.spec;
  const selector = { ...deploymentIdLabels(context), [LABEL_APP]: name };
  const labels = { app: name, fluentd: "true", ...predictor.labels, ...explainerLabels(predictor), ...selector };
  const own = { ...annotations, ...predictor.annotations };
  return {
    name,
    predictor: predictor.name,
    role: "explainer",
    labels,
    annotations: own,
    selector,
    podLabels: labels,
    podAnnotations: { ...prometheusAnnotations(context), ...own },
    podSpec: planPodSpec(context, subject, name),
    ...replicasOf(context, subject),
    ...(predictor.progressDeadlineSeconds === undefined
      ? {}
      : { progressDeadlineSeconds: predictor.progressDeadlineSeconds }),
  };
}

function planService(context: PlanContext, { predictor, explainer }: Explained, name: string): ServicePlan {
  const app = { [LABEL_APP]: predictorService(context, predictor) };
  return {
    name,
    predictor: predictor.name,
    role: "explainer",
    labels: { ...app, ...deploymentIdLabels(context), ...explainerLabels(predictor) },
    annotations: predictor.annotations ?? {},
    selector: { [LABEL_APP]: name },
    ports: [{ name: "http", port: explainerPort(explainer) }],
    headless: context.annotations.headlessService,
  };
}

/** What runs for the explainer of a predictor; nothing without one. */
export function planExplainerPods(
  context: PlanContext,
  predictor: DefaultedPredictor,
): { readonly pods: readonly PodSetPlan[]; readonly services: readonly ServicePlan[] } {
  const subject = explained(context, predictor);
  if (subject === undefined) return { pods: [], services: [] };
  const name = explainerName(context.name, predictor.name);
  return { pods: [planPodSet(context, subject, name)], services: [planService(context, subject, name)] };
}

/** Where the explainer of a predictor is reached; undefined without one. */
export function planExplainer(context: PlanContext, predictor: DefaultedPredictor): ExplainerPlan | undefined {
  const explainer = explainerOf(predictor);
  if (explainer === undefined) return undefined;
  const serviceName = explainerName(context.name, predictor.name);
  return {
    serviceName,
    serviceHost: serviceHost(serviceName, context.namespace, context.options.clusterDomain),
    httpPort: explainerPort(explainer),
    subsetLabels: { version: predictor.labels["version"] ?? predictor.name },
  };
}
