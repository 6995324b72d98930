import { ruleSeeds, type Seeds, shadowSeeds, splitSeeds } from "./hashes.ts";
import type { TablePredictor, TableRule, TableShadow } from "./model.ts";

/** The seeds of a predictor in a split of a deployment with this salt: its own, or those that the format gives to its name. */
export function seedsOfPredictor({ seeds, name }: TablePredictor, salt: string): Seeds {
  return seeds ?? splitSeeds(salt, name);
}

/** The seeds of a shadow's sample. */
export function seedsOfShadow({ seeds, name }: TableShadow, deploymentKey: string): Seeds {
  return seeds ?? shadowSeeds(deploymentKey, name);
}

/** The seeds of a rule's share. */
export function seedsOfRule({ seeds, name }: TableRule, deploymentKey: string): Seeds {
  return seeds ?? ruleSeeds(deploymentKey, name);
}

type MakeSeeds<T> = (owner: T, salt: string) => Seeds;

/** The same, made once for an owner while its salt stays: who decides many requests by one table hashes once. */
export function rememberSeeds<T extends object>(make: MakeSeeds<T>): MakeSeeds<T> {
  const known = new WeakMap<T, { readonly salt: string; readonly seeds: Seeds }>();
  return (owner, salt) => {
    const before = known.get(owner);
    if (before?.salt === salt) return before.seeds;
    const seeds = make(owner, salt);
    known.set(owner, { salt, seeds });
    return seeds;
  };
}
