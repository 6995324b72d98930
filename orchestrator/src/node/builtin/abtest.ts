import type { GraphNode } from "../../graph/graph.ts";

/** RANDOM_ABTEST: child 0 with the probability of parameter `ratioA` (0.5 when absent), else child 1. */
export function chooseAb(node: GraphNode, random: () => number): number {
  const ratio = node.parameters.find((one) => one.name === "ratioA");
  return random() < (ratio === undefined ? 0.5 : Number(ratio.value)) ? 0 : 1;
}
