import type { GraphNode } from "../../graph/graph.ts";

/** RANDOM_ABTEST: child 0 with the probability of parameter `ratioA` (0.5 when absent), else child 1. */
export function chooseAb(node: GraphNode, random: () => number): number {
  const ratio = node.parameters.find((one) => one.name === "ratioA");
  return random() < (ratio === undefined ? 0.5 : Number(ratio.value)) ? 0 : 1;
}

/** Random numbers in [0, 1) that are the same for the same seed (mulberry32); for repeatable tests. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
