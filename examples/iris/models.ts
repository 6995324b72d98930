import { readFileSync } from "node:fs";
import type { Classifier, Sample } from "./classifier.ts";
import { type DecisionTree, trainTree, treeClassifier } from "./decision-tree.ts";
import { bayesClassifier, type NaiveBayes, trainBayes } from "./naive-bayes.ts";
import { softmaxClassifier, type SoftmaxRegression, trainSoftmax } from "./softmax-regression.ts";

/** A trained model, as models/<kind>.json holds it. */
export type Model = SoftmaxRegression | DecisionTree | NaiveBayes;

export const MODEL_KINDS = ["softmax", "tree", "bayes"] as const satisfies readonly Model["kind"][];

export function train(kind: Model["kind"], samples: readonly Sample[]): Model {
  switch (kind) {
    case "softmax":
      return trainSoftmax(samples);
    case "tree":
      return trainTree(samples);
    case "bayes":
      return trainBayes(samples);
  }
}

export function classifierOf(model: Model): Classifier {
  switch (model.kind) {
    case "softmax":
      return softmaxClassifier(model);
    case "tree":
      return treeClassifier(model);
    case "bayes":
      return bayesClassifier(model);
  }
}

export function modelUrl(kind: Model["kind"]): URL {
  return new URL(`models/${kind}.json`, import.meta.url);
}

/** Reads the committed weights of a model. */
export function readModel(kind: Model["kind"]): Model {
  return JSON.parse(readFileSync(modelUrl(kind), "utf8")) as Model;
}
