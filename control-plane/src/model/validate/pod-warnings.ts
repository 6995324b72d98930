import type { Finding } from "../finding.ts";
import { serverImage } from "../defaults/server-image.ts";
import { containersOf, findContainer, nodeRuns, walkGraph } from "../graph.ts";
import type { FieldPath } from "../model.ts";
import { findNearest } from "../nearest.ts";
import type { PredictorSpec, SeldonDeploymentSpec } from "../seldon-deployment.ts";
import type { Rule } from "./rule.ts";

/** Containers that Kubernetes refuses: two of one name in a pod, or graph containers without an image. */
export const warnOfContainers: Rule = (spec, { predictorServers }) =>
  spec.predictors.flatMap((predictor, index) => {
    const base: FieldPath = ["spec", "predictors", index];
    const findings: Finding[] = (predictor.componentSpecs ?? []).flatMap((componentSpec, pod) => {
      const names = containersOf(componentSpec).map((container) => container.name);
      return names.flatMap((name, position) => {
        if (names.indexOf(name) === position) return [];
        const at = [...base, "componentSpecs", pod, "spec", "containers", position, "name"];
        return [
          { code: "ContainerDuplicate", at, message: `two containers of this pod are named ${JSON.stringify(name)}` },
        ];
      });
    });
    for (const { node, path } of walkGraph(predictor.graph, index)) {
      const container = findContainer(predictor, node.name);
      if ((container?.image ?? "") !== "" || nodeRuns(node) === "builtin") continue;
      const implementation = node.implementation ?? "";
      if (nodeRuns(node) === "prepackaged") {
        // Without an entry rule 14 has spoken; with protocol tensorflow the image is chosen elsewhere.
        if (!Object.hasOwn(predictorServers, implementation) || spec.protocol === "tensorflow") continue;
        if (serverImage(predictorServers, implementation, spec.protocol) !== "") continue;
        const message = `${implementation} has no image for protocol ${protocolName(spec)}`;
        const protocols = Object.keys(predictorServers[implementation]?.protocols ?? {}).join(" or ");
        const hint = `set spec.protocol to ${protocols}, or give the node a container with an image`;
        findings.push({ code: "ImageMissing", at: [...path, "implementation"], message, hint });
      } else if (container !== undefined && container.command === undefined) {
        findings.push(imageMissing(containerPath(predictor, base, node.name), node.name));
      }
    }
    return [...findings, ...warnOfOtherImages(predictor, index)];
  });

function imageMissing(at: FieldPath, name: string): Finding {
  return { code: "ImageMissing", at, message: `the container ${name} has no image`, hint: "set its image" };
}

/** Containers that belong to no node: nobody fills in their image, but for the one beside a TensorFlow proxy. */
function warnOfOtherImages(predictor: PredictorSpec, index: number): readonly Finding[] {
  const graph = walkGraph(predictor.graph, index).map(({ node }) => node);
  const nodes = new Set(graph.map(({ name }) => name));
  const completed = graph.some(({ implementation }) => implementation === "TENSORFLOW_SERVER")
    ? "tfserving"
    : undefined;
  return (predictor.componentSpecs ?? []).flatMap((componentSpec, pod) =>
    containersOf(componentSpec).flatMap(({ name, image = "", command }, position) => {
      if (nodes.has(name) || name === completed || image !== "" || command !== undefined) return [];
      const at = ["spec", "predictors", index, "componentSpecs", pod, "spec", "containers", position];
      const nearest = findNearest(name, nodes);
      const hint =
        nearest === undefined ? "set its image, or name it like a node of the graph" : `is the node ${nearest} meant?`;
      return [{ ...imageMissing(at, name), hint }];
    }),
  );
}

function protocolName({ protocol = "" }: SeldonDeploymentSpec): string {
  return protocol === "" ? "seldon" : protocol;
}

function containerPath({ componentSpecs = [] }: PredictorSpec, base: FieldPath, name: string): FieldPath {
  for (const [pod, componentSpec] of componentSpecs.entries()) {
    const position = containersOf(componentSpec).findIndex((container) => container.name === name);
    if (position >= 0) return [...base, "componentSpecs", pod, "spec", "containers", position, "image"];
  }
  return base;
}

/**
 * Seldon puts the orchestrator beside the first node whose container is in the first pod, and fails when there is none:
 * a graph of built-ins only, no node in the first pod, or a container name that a later pod has too. Here it gets a pod
 * of its own then.
 */
export const warnOfEngine: Rule = ({ annotations, predictors }) => {
  if (annotations?.["seldon.io/engine-separate-pod"]?.toLowerCase() === "true") return [];
  return predictors.flatMap((predictor, index) => {
    const alone = predictor.annotations?.["seldon.io/no-engine"]?.toLowerCase() === "true";
    if (alone || hasLocalNode(predictor, index)) return [];
    const message = `${whyNowhere(predictor, index)}, so the orchestrator gets a pod of its own; Seldon fails with "engine not separate and no pu with localhost service"`;
    return [{ code: "EngineNowhere", at: ["spec", "predictors", index, "graph"], message } satisfies Finding];
  });
};

function whyNowhere(predictor: PredictorSpec, index: number): string {
  const nodes = walkGraph(predictor.graph, index).map(({ node }) => node);
  if (nodes.every((node) => nodeRuns(node) === "builtin")) return "the graph has no container";
  const [first, ...others] = (predictor.componentSpecs ?? []).map((one) => containersOf(one).map(({ name }) => name));
  const shared = nodes.find(({ name }) => first?.includes(name) === true && others.flat().includes(name));
  if (shared !== undefined) return `the container ${shared.name} stands in two componentSpecs`;
  return "the first componentSpec has no container of the graph";
}

function hasLocalNode(predictor: PredictorSpec, index: number): boolean {
  const [first, ...others] = (predictor.componentSpecs ?? []).map((one) => containersOf(one).map(({ name }) => name));
  const local = new Set(first);
  const elsewhere = new Set(others.flat());
  return walkGraph(predictor.graph, index).some(({ node }) => {
    // A node without its container breaks rule 10: where it would run cannot be told.
    if (nodeRuns(node) === "container" && findContainer(predictor, node.name) === undefined) return true;
    if (elsewhere.has(node.name)) return false;
    // The container of a prepackaged server is added to the first pod.
    return local.has(node.name) || nodeRuns(node) === "prepackaged";
  });
}
