import type { Finding } from "../finding.ts";
import { serverImage } from "../defaults/server-image.ts";
import { containersOf, findContainer, nodeRuns, walkGraph } from "../graph.ts";
import type { FieldPath } from "../model.ts";
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
        findings.push({ code: "ImageMissing", at: [...path, "implementation"], message });
      } else if (container !== undefined && container.command === undefined) {
        const at = containerPath(predictor, base, node.name);
        findings.push({ code: "ImageMissing", at, message: `the container ${node.name} has no image` });
      }
    }
    return findings;
  });

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
 * a graph of built-ins only, no node in the first pod, or a container name that a later pod has too.
 */
export const warnOfEngine: Rule = ({ annotations, predictors }) => {
  if (annotations?.["seldon.io/engine-separate-pod"]?.toLowerCase() === "true") return [];
  return predictors.flatMap((predictor, index) => {
    const alone = predictor.annotations?.["seldon.io/no-engine"]?.toLowerCase() === "true";
    if (alone || hasLocalNode(predictor, index)) return [];
    const message = "engine not separate and no pu with localhost service - not clear where to inject engine";
    return [{ code: "EngineNowhere", at: ["spec", "predictors", index, "graph"], message } satisfies Finding];
  });
};

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
