import type { Classifier, Sample } from "./classifier.ts";

/** The index of the most probable species. */
export function mostProbable(probabilities: readonly number[]): number {
  return probabilities.indexOf(Math.max(...probabilities));
}

/** The share of samples whose species a classifier finds most probable, 0 to 1. */
export function measureAccuracy(classify: Classifier, samples: readonly Sample[]): number {
  const right = samples.filter(({ features, species }) => mostProbable(classify(features)) === species);
  return right.length / samples.length;
}
