import { costOf, drawFor, isCheaper } from "../vocabulary/split.ts";
import { lastDrawOf, type Seeds } from "./hashes.ts";
import type { TableDeployment, TablePredictor, TableRule, TableShadow } from "./model.ts";
import { rememberSeeds, seedsOfPredictor, seedsOfRule, seedsOfShadow } from "./seeds.ts";

const seedsOfShare = rememberSeeds(seedsOfRule);
const seedsOfSample = rememberSeeds(seedsOfShadow);

/** A copy in the order of names, which is that of bytes. */
export function sorted<T extends { readonly name: string }>(list: readonly T[]): readonly T[] {
  return [...list].sort((a, b) => (a.name < b.name ? -1 : 1));
}

type Draw = readonly [TablePredictor, Seeds];

/** The predictors of a split that can be chosen, by name, with their seeds: the same for every request. */
function drawsOf(salt: string, predictors: readonly TablePredictor[]): readonly Draw[] {
  const known = DRAWS.get(predictors);
  if (known?.salt === salt) return known.draws;
  const weighted = sorted(predictors).filter((one) => one.weight > 0);
  const draws = weighted.map((one) => [one, seedsOfPredictor(one, salt)] as const);
  DRAWS.set(predictors, { salt, draws });
  return draws;
}

const DRAWS = new WeakMap<readonly TablePredictor[], { readonly salt: string; readonly draws: readonly Draw[] }>();

/**
 * Weighted rendezvous: the predictor that a key belongs to, in the deployment's split or in one of its rules'. A tie, once in
 * millions of keys, goes to the first name. Undefined without a positive weight.
 */
export function choosePredictor(
  deployment: TableDeployment,
  key: number,
  predictors: readonly TablePredictor[] = deployment.predictors,
): TablePredictor | undefined {
  let best: { readonly predictor: TablePredictor; readonly cost: number } | undefined;
  for (const [predictor, seeds] of drawsOf(deployment.salt ?? deployment.key, predictors)) {
    const cost = costOf(drawFor(key, seeds.a, seeds.b));
    if (best === undefined || isCheaper(cost, predictor.weight, best.cost, best.predictor.weight))
      best = { predictor, cost };
  }
  return best?.predictor;
}

/** Whether a rule's share holds a key. */
export function isInShare(deployment: TableDeployment, rule: TableRule, key: number): boolean {
  const seeds = seedsOfShare(rule, deployment.key);
  return drawFor(key, seeds.a, seeds.b) <= lastDrawOf(rule.percent);
}

/** Whether a shadow's sample holds a request, by the hash of its id. */
export function isInSample(deployment: TableDeployment, shadow: TableShadow, requestKey: number): boolean {
  const seeds = seedsOfSample(shadow, deployment.key);
  return drawFor(requestKey, seeds.a, seeds.b) <= lastDrawOf(shadow.percent);
}
