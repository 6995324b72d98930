import {
  type Classifier,
  columnOf,
  FEATURES,
  meanOf,
  type Sample,
  softmax,
  SPECIES,
  varianceOf,
} from "./classifier.ts";

/** Weights of a linear score per species over standardized features: (x - mean) / deviation. */
export interface SoftmaxRegression {
  readonly kind: "softmax";
  readonly means: readonly number[];
  readonly deviations: readonly number[];
  /** Per species, one weight per feature and then the bias. */
  readonly weights: readonly (readonly number[])[];
}

const STEPS = 2000;
const STEP_SIZE = 0.5;
const WEIGHT_DECAY = 0.001;

type Scale = Pick<SoftmaxRegression, "means" | "deviations">;

/** Standardized features, with a 1 for the bias. */
function standardize({ means, deviations }: Scale, features: readonly number[]): readonly number[] {
  return [...features.map((value, i) => (value - (means[i] ?? 0)) / (deviations[i] ?? 1)), 1];
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

/** Full-batch gradient descent on the cross entropy, from zero: the same samples always give the same weights. */
export function trainSoftmax(samples: readonly Sample[]): SoftmaxRegression {
  const columns = FEATURES.map((_, feature) => columnOf(samples, feature));
  const scale = { means: columns.map(meanOf), deviations: columns.map((column) => Math.sqrt(varianceOf(column))) };
  const inputs = samples.map(({ features, species }) => ({ input: standardize(scale, features), species }));
  let weights: readonly (readonly number[])[] = SPECIES.map(() => FEATURES.map(() => 0).concat(0));
  for (let step = 0; step < STEPS; step++) {
    const errors = inputs.map(({ input, species }) =>
      softmax(weights.map((row) => dot(row, input))).map((p, k) => p - (k === species ? 1 : 0)),
    );
    weights = weights.map((row, k) =>
      row.map((weight, j) => {
        const gradient = meanOf(inputs.map(({ input }, i) => (errors[i]?.[k] ?? 0) * (input[j] ?? 0)));
        return weight - STEP_SIZE * (gradient + WEIGHT_DECAY * weight);
      }),
    );
  }
  return { kind: "softmax", ...scale, weights };
}

export function softmaxClassifier(model: SoftmaxRegression): Classifier {
  return (features) => {
    const input = standardize(model, features);
    return softmax(model.weights.map((row) => dot(row, input)));
  };
}
