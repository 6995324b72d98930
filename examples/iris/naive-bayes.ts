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

/** A normal distribution per species and feature, and how common each species is. */
export interface NaiveBayes {
  readonly kind: "bayes";
  readonly species: readonly {
    readonly share: number;
    readonly means: readonly number[];
    readonly variances: readonly number[];
  }[];
}

/** Gaussian naive Bayes by its closed form. */
export function trainBayes(samples: readonly Sample[]): NaiveBayes {
  const species = SPECIES.map((_, index) => {
    const own = samples.filter((sample) => sample.species === index);
    const columns = FEATURES.map((_feature, feature) => columnOf(own, feature));
    return { share: own.length / samples.length, means: columns.map(meanOf), variances: columns.map(varianceOf) };
  });
  return { kind: "bayes", species };
}

export function bayesClassifier(model: NaiveBayes): Classifier {
  return (features) =>
    softmax(
      model.species.map(({ share, means, variances }) =>
        features.reduce((sum, value, i) => {
          const variance = variances[i] ?? 1;
          return sum - Math.log(variance) / 2 - (value - (means[i] ?? 0)) ** 2 / (2 * variance);
        }, Math.log(share)),
      ),
    );
}
