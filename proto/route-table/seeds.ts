import { ruleSeeds, type Seeds, shadowSeeds, splitSeeds } from "./hashes.ts";
import type { TablePredictor, TableRule, TableShadow } from "./model.ts";

/** Seeds of what was asked for before, by who owns them; who decides many requests by one table hashes once. */
const KNOWN = new WeakMap<object, { readonly salt: string; readonly seeds: Seeds }>();

interface Owner {
  readonly name: string;
  readonly seeds?: Seeds;
}

function remembered(owner: Owner, salt: string, make: (salt: string, name: string) => Seeds): Seeds {
  if (owner.seeds !== undefined) return owner.seeds;
  const known = KNOWN.get(owner);
  if (known?.salt === salt) return known.seeds;
  const seeds = make(salt, owner.name);
  KNOWN.set(owner, { salt, seeds });
  return seeds;
}

/** The seeds of a predictor in a split of a deployment with this salt. */
export function seedsOfPredictor(predictor: TablePredictor, salt: string): Seeds {
  return remembered(predictor, salt, splitSeeds);
}

/** The seeds of a shadow's sample. */
export function seedsOfShadow(shadow: TableShadow, deploymentKey: string): Seeds {
  return remembered(shadow, deploymentKey, shadowSeeds);
}

/** The seeds of a rule's share. */
export function seedsOfRule(rule: TableRule, deploymentKey: string): Seeds {
  return remembered(rule, deploymentKey, ruleSeeds);
}
