import type { DefaultedNode, DefaultedPredictor } from "../../../model/defaulted.ts";
import { serverImage } from "../../../model/defaults/server-image.ts";
import { nodeRuns } from "../../../model/graph.ts";
import type { Container } from "../../../model/kubernetes.ts";
import type { PlanContext } from "../../context.ts";
import { podIndexOf, walkNodes } from "../../graph.ts";
import { downloadSecretOf } from "./download-secret.ts";
import { planMlServer } from "./mlserver.ts";
import { addModelDownload, claimOf } from "./model-download.ts";
import type { ServedNode, ServerContainers } from "./node-server.ts";
import { planSeldonServer } from "./seldon-server.ts";
import { planTensorflowServer } from "./tensorflow-server.ts";
import { planTritonServer } from "./triton-server.ts";
import type { Volume } from "./volume.ts";

export type { Volume } from "./volume.ts";

/** What a pod gets so that a node's container has its model and knows how to serve it. */
export interface ServerAdditions {
  /** The node's container with image, args, environment, mounts and probes of its server. */
  readonly container: Container;
  /** Containers beside it, complete, no part of the graph; one whose name the pod has already stands for that one. */
  readonly sidecars: readonly Container[];
  /** Downloads of models, complete. */
  readonly initContainers: readonly Container[];
  /** Volumes of the containers above; a name may come twice from two nodes of a pod and means the same then. */
  readonly volumes: readonly Volume[];
  /** Service account that the pod runs as, whatever it says itself. */
  readonly serviceAccountName?: string;
}

/** Who a pod runs as that does not say. */
const DEFAULT_SERVICE_ACCOUNT = "default";

/** True for nodes that get anything: those of prepackaged servers and those that name a model. */
export function hasServer(node: DefaultedNode): boolean {
  return nodeRuns(node) === "prepackaged" || (nodeRuns(node) === "container" && (node.modelUri ?? "") !== "");
}

function planServer(served: ServedNode): ServerContainers {
  const { context, node } = served;
  if (nodeRuns(node) !== "prepackaged") return { container: served.container, downloads: true };
  if (node.implementation === "TENSORFLOW_SERVER") return planTensorflowServer(served);
  if (node.implementation === "TRITON_SERVER") return planTritonServer(served);
  return context.protocol === "v2" ? planMlServer(served) : planSeldonServer(served);
}

/** The image of the node's server where the container has none. */
function withServerImage(context: PlanContext, node: DefaultedNode, container: Container): Container {
  if ((container.image ?? "") !== "" || nodeRuns(node) !== "prepackaged") return container;
  const image = serverImage(context.options.workloads.predictorServers, node.implementation, context.protocol);
  return image === "" ? container : { ...container, image };
}

function reportImage(context: PlanContext, predictor: DefaultedPredictor, node: DefaultedNode): void {
  const index = context.resource.spec.predictors.indexOf(predictor);
  const message = `${node.implementation} of node ${node.name} has no image for protocol ${context.protocol}`;
  context.report({ code: "ServerImageMissing", at: ["spec", "predictors", index, "graph"], message });
}

/** Claims that the models of one pod are taken from. */
function claimsOf(predictor: DefaultedPredictor, pod: number): readonly string[] {
  const nodes = walkNodes(predictor.graph).filter(({ name }) => podIndexOf(predictor, name) === pod);
  return nodes.flatMap(({ modelUri = "" }) => claimOf(modelUri) ?? []);
}

type Downloads = Pick<ServerAdditions, "container" | "sidecars" | "initContainers" | "volumes">;

function addDownload(served: ServedNode, { container, sidecar, downloads }: ServerContainers): Downloads {
  const { context, predictor, node } = served;
  const uri = node.modelUri ?? "";
  const sidecars = sidecar === undefined ? [] : [sidecar];
  if (!downloads || uri === "") return { container, sidecars, initContainers: [], volumes: [] };
  const pod = podIndexOf(predictor, node.name);
  const own = nodeRuns(node) === "prepackaged" ? (node.serviceAccountName ?? "") : "";
  const spec = predictor.componentSpecs[pod]?.spec;
  const podAccount = spec?.serviceAccountName ?? "";
  const added = addModelDownload(context, sidecar ?? container, {
    uri,
    ...(node.storageInitializerImage === undefined ? {} : { image: node.storageInitializerImage }),
    secretName: downloadSecretOf(context, node),
    serviceAccount: [own, podAccount].find((one) => one !== "") ?? DEFAULT_SERVICE_ACCOUNT,
    claims: claimsOf(predictor, pod),
    written: spec?.initContainers ?? [],
  });
  const { initContainers, volumes } = added;
  if (sidecar === undefined) return { container: added.container, sidecars, initContainers, volumes };
  return { container, sidecars: [added.container], initContainers, volumes };
}

/**
 * What a pod gets for one node of the graph. To be called with the container as defaulted, before the graph's own
 * additions: these then fill in only what is still absent (variables, ports, probes). A container of a node without
 * server or model comes back as it is. Reports a server that has no image for the deployment's protocol.
 */
export function serverOf(
  context: PlanContext,
  predictor: DefaultedPredictor,
  node: DefaultedNode,
  container: Container,
): ServerAdditions {
  const { endpoint } = node;
  if (endpoint === undefined || !hasServer(node)) return { container, sidecars: [], initContainers: [], volumes: [] };
  const served = { context, predictor, node, endpoint, container: withServerImage(context, node, container) };
  const planned = planServer(served);
  if (context.options.needsImages && nodeRuns(node) === "prepackaged" && (planned.container.image ?? "") === "") {
    reportImage(context, predictor, node);
  }
  const account = nodeRuns(node) === "prepackaged" ? (node.serviceAccountName ?? "") : "";
  return { ...addDownload(served, planned), ...(account === "" ? {} : { serviceAccountName: account }) };
}
