import { type Classifier, FEATURES, SPECIES } from "./classifier.ts";
import type { Answer, Component, Parameter } from "./component.ts";
import { classifierOf, MODEL_KINDS, readModel } from "./models.ts";
import { BadData, type Table } from "./payload.ts";

/** Median and plausible range of each feature in cm. */
const USUAL = [5.8, 3.0, 4.35, 1.3];
const LOWEST = [3, 1, 0.5, 0.05];
const HIGHEST = [9, 6, 8, 3.5];
const MM_PER_CM = 10;

function requireFlowers(rows: Table["rows"]): void {
  const wrong = rows.findIndex((row) => row.length !== FEATURES.length);
  if (wrong !== -1) {
    throw new BadData(
      `row ${wrong} has ${rows[wrong]?.length ?? 0} values; a flower has ${FEATURES.length}: ${FEATURES.join(", ")} in cm`,
    );
  }
}

function requireNumbers(rows: Table["rows"]): void {
  const wrong = rows.findIndex((row) => row.some((value) => !Number.isFinite(value)));
  if (wrong !== -1)
    throw new BadData(`row ${wrong} has a missing value; only the transformer \`clean\` can fill it in`);
}

function classifier(kind: string, classify: Classifier): Component {
  return {
    predict: (rows) => {
      requireFlowers(rows);
      requireNumbers(rows);
      return { rows: rows.map((row) => classify(row)), names: SPECIES };
    },
    tags: () => ({ model: kind }),
  };
}

/** Fills in what is missing, turns mm into cm when the parameter `unit` is `mm`, and clips to what flowers can measure. */
function cleaner(parameters: readonly Parameter[]): Component {
  const unit = parameters.find(({ name }) => name === "unit")?.value ?? "cm";
  if (unit !== "cm" && unit !== "mm") throw new Error(`parameter unit is ${unit}; it may be cm or mm`);
  const scale = unit === "mm" ? 1 / MM_PER_CM : 1;
  const cleanValue = (value: number, i: number): number => {
    if (Number.isNaN(value)) return USUAL[i] ?? 0;
    return Math.min(Math.max(value * scale, LOWEST[i] ?? 0), HIGHEST[i] ?? 0);
  };
  return {
    transformInput: (rows) => {
      requireFlowers(rows);
      return { rows: rows.map((row) => row.map(cleanValue)), names: FEATURES };
    },
    tags: () => ({ cleaned: "yes" }),
  };
}

/** Sends flowers with long petals, the hard ones, to branch 0, and the others to branch 1; counts the rewards of each. */
function petalRouter(parameters: readonly Parameter[]): Component {
  const limitCm = Number(parameters.find(({ name }) => name === "petal-length")?.value ?? "2.5");
  if (!Number.isFinite(limitCm)) throw new Error("parameter petal-length must be a number of cm");
  const rewards = [0, 0];
  return {
    route: (rows) => {
      requireFlowers(rows);
      return rows.some((row) => (row[2] ?? 0) > limitCm) ? 0 : 1;
    },
    learn: (branch, reward) => {
      if (branch in rewards) rewards[branch] = (rewards[branch] ?? 0) + reward;
    },
    tags: () => ({ "reward-0": rewards[0] ?? 0, "reward-1": rewards[1] ?? 0 }),
  };
}

/** The geometric mean of the children's probabilities: a species that one child rules out stays unlikely. */
function poolOpinions(tables: readonly Table["rows"][]): Answer {
  const [first = []] = tables;
  const sameShape = tables.every(
    (rows) => rows.length === first.length && rows.every((row) => row.length === SPECIES.length),
  );
  if (tables.length === 0 || !sameShape) throw new BadData("the children's answers are not tables of one shape");
  const rows = first.map((_, i) => {
    const products = SPECIES.map((_species, k) =>
      Math.exp(tables.reduce((sum, table) => sum + Math.log(Math.max(table[i]?.[k] ?? 0, 1e-12)), 0) / tables.length),
    );
    const sum = products.reduce((a, b) => a + b, 0);
    return products.map((product) => product / sum);
  });
  return { rows, names: SPECIES };
}

/** The component of a name: a model (softmax, tree, bayes), clean, petal-router or pool. */
export function makeComponent(name: string, parameters: readonly Parameter[]): Component {
  const kind = MODEL_KINDS.find((one) => one === name);
  if (kind !== undefined) return classifier(kind, classifierOf(readModel(kind)));
  switch (name) {
    case "clean":
      return cleaner(parameters);
    case "petal-router":
      return petalRouter(parameters);
    case "pool":
      return { aggregate: poolOpinions, tags: () => ({ combined: "geometric mean" }) };
    default:
      throw new Error(`there is no component ${name}; there are ${MODEL_KINDS.join(", ")}, clean, petal-router, pool`);
  }
}
