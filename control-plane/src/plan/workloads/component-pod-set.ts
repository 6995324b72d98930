import type { DefaultedPredictor } from "../../model/defaulted.ts";
import type { Container, StringMap } from "../../model/kubernetes.ts";
import type { PlanContext } from "../context.ts";
import { podsWith } from "../graph.ts";
import type { PodSetPlan, PodSpec } from "../workload-plan.ts";
import type { ComponentPod } from "./component-pod.ts";
import {
  containerLabels,
  deploymentIdLabels,
  LABEL_APP,
  LABEL_HAS_ORCHESTRATOR,
  LABEL_POD_SET,
  MANAGED_BY,
  predictorService,
  shadowLabels,
  typeLabels,
} from "./labels.ts";
import { orchestratorVolumes, planOrchestratorContainer } from "./orchestrator-container.ts";
import {
  certificateVolumes,
  DEFAULT_GRACE_SECONDS,
  hasCertificate,
  joinVolumes,
  podSecurityContext,
  POD_INFO_VOLUME,
  prometheusAnnotations,
  withCertificate,
} from "./pod-spec.ts";
import { planDisruptionBudget, planScaling } from "./scaling.ts";
import { orchestratorGraceSeconds } from "./shutdown.ts";

/** What the pods of a componentSpec do for their predictor. */
export interface PodDuties {
  /** The orchestrator is in these pods. */
  readonly hasOrchestrator: boolean;
  /** The predictor's Service sends requests to these pods. */
  readonly serves: boolean;
}

/** Labels by which the containers' Services find their pods. */
function graphLabels(context: PlanContext, predictor: DefaultedPredictor, { containers }: ComponentPod): StringMap {
  const labels = containers.flatMap(({ node }) =>
    node === undefined ? [] : [containerLabels(context, predictor, node.name)],
  );
  return Object.assign({}, ...labels) as StringMap;
}

/**
 * A label that no other pods have, where Seldon's do not tell the pods apart: they hold no container of the graph, or
 * one that other pods hold too.
 */
function ownLabels(predictor: DefaultedPredictor, { containers, name }: ComponentPod): StringMap {
  const inGraph = containers.filter(({ node }) => node !== undefined);
  const shares = inGraph.some(({ declared }) => podsWith(predictor, declared.name).length > 1);
  return inGraph.length === 0 || shares ? { [LABEL_POD_SET]: name } : {};
}

function podLabels(predictor: DefaultedPredictor, pod: ComponentPod, selector: StringMap): StringMap {
  const types = pod.containers.map(({ node }) => (node === undefined ? {} : typeLabels(predictor, node)));
  return {
    app: pod.name,
    fluentd: "true",
    ...predictor.labels,
    ...pod.component.metadata?.labels,
    ...MANAGED_BY,
    ...(Object.assign({}, ...types) as StringMap),
    ...shadowLabels(predictor),
    ...selector,
  };
}

function planContainers(
  context: PlanContext,
  predictor: DefaultedPredictor,
  { component, containers, sidecars }: ComponentPod,
  { hasOrchestrator }: PodDuties,
  holdsRoot: boolean,
): readonly Container[] {
  const beside = new Set(sidecars.map(({ name }) => name));
  const kept = containers.map(({ container }) => container).filter(({ name }) => !beside.has(name));
  const own = [...kept, ...sidecars];
  const needCertificate = hasCertificate(predictor) && (holdsRoot || hasOrchestrator);
  const dressed = needCertificate ? own.map((one) => withCertificate(context, one)) : own;
  if (!hasOrchestrator) return dressed;
  return [...dressed, planOrchestratorContainer(context, predictor, component.spec.terminationGracePeriodSeconds)];
}

function planPodSpec(
  context: PlanContext,
  predictor: DefaultedPredictor,
  pod: ComponentPod,
  duties: PodDuties,
): PodSpec {
  const { component, initContainers } = pod;
  const { spec } = component;
  const grace = spec.terminationGracePeriodSeconds;
  const holdsRoot = pod.containers.some(({ declared }) => declared.name === predictor.graph.name);
  const certificate = holdsRoot || duties.hasOrchestrator ? certificateVolumes(predictor) : [];
  const token = duties.hasOrchestrator ? orchestratorVolumes(context) : [];
  const init = [...(spec.initContainers ?? []), ...initContainers];
  // As in Seldon, a server's account wins over the pod's.
  const serviceAccountName = pod.serviceAccountName ?? spec.serviceAccountName;
  return {
    ...spec,
    ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
    ...podSecurityContext(context, spec.securityContext),
    terminationGracePeriodSeconds: duties.hasOrchestrator
      ? orchestratorGraceSeconds(context, grace)
      : (grace ?? DEFAULT_GRACE_SECONDS),
    ...(init.length === 0 ? {} : { initContainers: init }),
    containers: planContainers(context, predictor, pod, duties, holdsRoot),
    volumes: joinVolumes(spec.volumes, [...pod.volumes, POD_INFO_VOLUME, ...certificate, ...token]),
  };
}

/** The Deployment of a componentSpec. */
export function planComponentPodSet(
  context: PlanContext,
  predictor: DefaultedPredictor,
  predictorIndex: number,
  pod: ComponentPod,
  duties: PodDuties,
): PodSetPlan {
  const { component, index, name } = pod;
  const selector = {
    ...deploymentIdLabels(context),
    ...graphLabels(context, predictor, pod),
    ...ownLabels(predictor, pod),
    ...(duties.serves ? { [LABEL_APP]: predictorService(context, predictor) } : {}),
  };
  const labels = podLabels(predictor, pod, selector);
  const { annotations: ofDeployment } = context.resource.spec;
  const annotations = { ...ofDeployment, ...predictor.annotations, ...component.metadata?.annotations };
  const { progressDeadlineSeconds } = predictor;
  const at = ["spec", "predictors", predictorIndex, "componentSpecs", index];
  return {
    name,
    predictor: predictor.name,
    role: "component",
    labels: duties.hasOrchestrator ? { ...labels, [LABEL_HAS_ORCHESTRATOR]: "true" } : labels,
    annotations,
    selector,
    podLabels: labels,
    podAnnotations: { ...prometheusAnnotations(context), ...annotations },
    podSpec: planPodSpec(context, predictor, pod, duties),
    ...planScaling(context, predictor, component, at),
    ...(progressDeadlineSeconds === undefined ? {} : { progressDeadlineSeconds }),
    ...planDisruptionBudget(component),
  };
}
