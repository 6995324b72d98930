/** One flower to learn from: sepal length and width, petal length and width in cm, and the index of its species. */
export interface Sample {
  readonly features: readonly number[];
  readonly species: number;
}

/** Gives the probability of each species for one flower's features. */
export type Classifier = (features: readonly number[]) => readonly number[];

/** The species, in the order of their indices and of every model's answers. */
export const SPECIES = ["setosa", "versicolor", "virginica"] as const;

/** The names of a flower's features, in their order. */
export const FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"] as const;

/** Turns scores of any size into probabilities: exp(score) shared out, with the highest taken off first against overflow. */
export function softmax(scores: readonly number[]): readonly number[] {
  const highest = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - highest));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

export function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return meanOf(values.map((value) => (value - mean) ** 2));
}

/** One feature of all samples. */
export function columnOf(samples: readonly Sample[], feature: number): readonly number[] {
  return samples.map((sample) => sample.features[feature] ?? Number.NaN);
}
