import { type Classifier, columnOf, FEATURES, type Sample, SPECIES } from "./classifier.ts";

/** A leaf with the share of each species that ended there, or a question: is the feature at most the threshold? */
export type TreeNode =
  | { readonly leaf: readonly number[] }
  | { readonly feature: number; readonly threshold: number; readonly yes: TreeNode; readonly no: TreeNode };

export interface DecisionTree {
  readonly kind: "tree";
  readonly root: TreeNode;
}

const MAX_DEPTH = 4;
const MIN_SAMPLES_IN_LEAF = 3;

interface Split {
  readonly feature: number;
  readonly threshold: number;
  readonly impurity: number;
}

function countSpecies(samples: readonly Sample[]): readonly number[] {
  return SPECIES.map((_, species) => samples.filter((sample) => sample.species === species).length);
}

/** Gini impurity times the number of samples. */
function weighImpurity(samples: readonly Sample[]): number {
  const n = samples.length;
  return n - countSpecies(samples).reduce((sum, count) => sum + count ** 2, 0) / n;
}

function divide(samples: readonly Sample[], feature: number, threshold: number): readonly [Sample[], Sample[]] {
  const isBelow = (sample: Sample): boolean => (sample.features[feature] ?? Number.NaN) <= threshold;
  return [samples.filter(isBelow), samples.filter((sample) => !isBelow(sample))];
}

/** Midpoints between neighbouring values of a feature. */
function listThresholds(samples: readonly Sample[], feature: number): readonly number[] {
  const values = [...new Set(columnOf(samples, feature))].sort((a, b) => a - b);
  return values.slice(1).map((value, i) => (value + (values[i] ?? value)) / 2);
}

/** The first best split in the order of features and thresholds, so that the same samples always give the same tree. */
function findBestSplit(samples: readonly Sample[]): Split | undefined {
  let best: Split | undefined;
  for (const feature of FEATURES.keys()) {
    for (const threshold of listThresholds(samples, feature)) {
      const [yes, no] = divide(samples, feature, threshold);
      if (Math.min(yes.length, no.length) < MIN_SAMPLES_IN_LEAF) continue;
      const impurity = weighImpurity(yes) + weighImpurity(no);
      if (best === undefined || impurity < best.impurity - 1e-9) best = { feature, threshold, impurity };
    }
  }
  return best;
}

/** Shares with one imaginary sample of each species, so that no answer is ever certain. */
function makeLeaf(samples: readonly Sample[]): TreeNode {
  return { leaf: countSpecies(samples).map((count) => (count + 1) / (samples.length + SPECIES.length)) };
}

function growNode(samples: readonly Sample[], depth: number): TreeNode {
  const pure = weighImpurity(samples) < 1e-9;
  const split = pure || depth === MAX_DEPTH ? undefined : findBestSplit(samples);
  if (split === undefined) return makeLeaf(samples);
  const { feature, threshold } = split;
  const [yes, no] = divide(samples, feature, threshold);
  return { feature, threshold, yes: growNode(yes, depth + 1), no: growNode(no, depth + 1) };
}

/** CART: splits by the lowest Gini impurity. */
export function trainTree(samples: readonly Sample[]): DecisionTree {
  return { kind: "tree", root: growNode(samples, 0) };
}

export function treeClassifier(model: DecisionTree): Classifier {
  return (features) => {
    let node = model.root;
    while (!("leaf" in node)) node = (features[node.feature] ?? Number.NaN) <= node.threshold ? node.yes : node.no;
    return node.leaf;
  };
}
