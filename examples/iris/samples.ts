import { readFileSync } from "node:fs";
import { FEATURES, type Sample } from "./classifier.ts";

/** Fisher's iris measurements (1936), public domain: a line of counts, then four measurements in cm and the species. */
export function readSamples(): readonly Sample[] {
  const lines = readFileSync(new URL("iris.csv", import.meta.url), "utf8")
    .trim()
    .split("\n")
    .slice(1);
  return lines.map((line) => {
    const numbers = line.split(",").map(Number);
    return { features: numbers.slice(0, FEATURES.length), species: numbers[FEATURES.length] ?? Number.NaN };
  });
}

/** Every fifth flower is kept back to judge a model by flowers that it has not seen. */
export function splitSamples(samples: readonly Sample[]): {
  readonly train: readonly Sample[];
  readonly test: readonly Sample[];
} {
  return { train: samples.filter((_, i) => i % 5 !== 0), test: samples.filter((_, i) => i % 5 === 0) };
}
