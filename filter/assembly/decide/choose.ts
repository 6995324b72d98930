// The predictor of a request and the shadows that get a copy: proto/route-table/decide.ts says the same in TypeScript.
import { drawFor, costOf, isCheaper } from "../../../proto/vocabulary/split";
import * as at from "../../../proto/vocabulary/table-layout";
import { BY_FORCED } from "../names";
import { drawOf, nameLengthOf, nameOf, ruleAt, targetAt, weightOf } from "../table/records";
import { isFeedback } from "./call";
import { allHold } from "./conditions";
import { areShadowsOff, clearForce, forcedPredictor, readForce } from "./force";
import { mayForce } from "./grants";
import { force } from "./headers";
import { findKeys, key, keyFrom, requestKey } from "./key";
import { clearShadows, sampleShadows } from "./shadows";

/** The chosen predictor. */
export let chosen: usize = 0;
/** What chose it: one of the names BY_…. */
export let chosenBy: usize = 0;
/** The rule that took the request, and its number from 1; 0: none. */
export let ruleTaken: usize = 0;
export let ruleNumber: u32 = 0;
/** The split that counts: its first predictor, and the end of its last. */
export let splitStart: usize = 0;
export let splitEnd: usize = 0;

function choosePredictor(): void {
  let bestCost: u64 = 0;
  let bestWeight: u32 = 0;
  for (let one = splitStart; one < splitEnd; one += at.TARGET_BYTES) {
    const weight = weightOf(one);
    if (weight == 0) continue;
    const cost = costOf(drawOf(one, key));
    if (bestWeight != 0 && !isCheaper(cost, weight, bestCost, bestWeight)) continue;
    bestCost = cost;
    bestWeight = weight;
    chosen = one;
  }
}

function useSplit(table: usize, first: u32, count: u32): void {
  splitStart = targetAt(table, first);
  splitEnd = splitStart + count * at.TARGET_BYTES;
}

function takes(table: usize, rule: usize): bool {
  const draw = drawFor(key, load<u32>(rule + at.RULE_SEED_A), load<u32>(rule + at.RULE_SEED_B));
  if (draw > load<u32>(rule + at.RULE_LAST_DRAW)) return false;
  return allHold(table, load<u32>(rule + at.RULE_FIRST_CONDITION), load<u16>(rule + at.RULE_CONDITIONS));
}

function askRules(table: usize, deployment: usize): void {
  const count: u32 = load<u16>(deployment + at.DEPLOYMENT_RULES);
  let rule = ruleAt(table, load<u32>(deployment + at.DEPLOYMENT_FIRST_RULE));
  for (let number: u32 = 1; number <= count; number++, rule += at.RULE_BYTES) {
    if (!takes(table, rule)) continue;
    ruleTaken = rule;
    ruleNumber = number;
    return useSplit(table, load<u32>(rule + at.RULE_FIRST_TARGET), load<u16>(rule + at.RULE_PREDICTORS));
  }
}

/** Decides where a request to a deployment goes; `isEnd`: it has no body. */
export function choose(table: usize, deployment: usize, isEnd: bool): void {
  clearForce();
  useSplit(table, load<u32>(deployment + at.DEPLOYMENT_FIRST_TARGET), load<u16>(deployment + at.DEPLOYMENT_PREDICTORS));
  if (force.count > 0 && mayForce(table, deployment)) readForce(table, splitStart, splitEnd);
  findKeys(table, deployment);
  ruleTaken = 0;
  ruleNumber = 0;
  chosen = forcedPredictor;
  chosenBy = BY_FORCED;
  if (chosen == 0) {
    askRules(table, deployment);
    choosePredictor();
    chosenBy = keyFrom;
  }
  clearShadows();
  if (isFeedback || areShadowsOff) return;
  sampleShadows(table, deployment, requestKey, nameOf(table, chosen), nameLengthOf(chosen), isEnd);
}
