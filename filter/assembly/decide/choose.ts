// The predictor of a request and the shadows that get a copy: proto/route-table/decide.ts says the same in TypeScript.
import { nextRandom } from "../../../proto/vocabulary/hash";
import { MAX_SHADOWS_PER_REQUEST } from "../../../proto/vocabulary/limits";
import { costOf, isCheaper } from "../../../proto/vocabulary/split";
import { PERMIT_FORCE, TARGET_BYTES } from "../../../proto/vocabulary/table-layout";
import { randomWord } from "../host/calls";
import { BY_FORCED, BY_RANDOM, BY_REQUEST_ID, BY_STICKY } from "../names";
import { drawOf, permits, predictorsEnd, predictorsOf, shadowsEnd, shareOf } from "../table/records";
import { isFeedback } from "./call";
import { areShadowsOff, clearForce, forcedPredictor, readForce } from "./force";
import { requestId } from "./headers";
import { findSticky, hashKey, hashSticky } from "./sticky";

let randomState: u32 = max<u32>(randomWord(), 1);

/** The chosen predictor. */
export let chosen: usize = 0;
/** What chose it: one of the names BY_…. */
export let chosenBy: usize = 0;
/** Hash of the key of the split. */
export let key: u32 = 0;
/** Shadows of this request, and their records. */
export let shadowCount: u32 = 0;
const shadows = memory.data(MAX_SHADOWS_PER_REQUEST * 4, 8);

export function shadowAt(index: u32): usize {
  return load<u32>(shadows + (<usize>index << 2));
}

function choosePredictor(table: usize, deployment: usize): void {
  const end = predictorsEnd(table, deployment);
  let bestCost: u64 = 0;
  let bestWeight: u32 = 0;
  for (let one = predictorsOf(table, deployment); one < end; one += TARGET_BYTES) {
    const weight = shareOf(one);
    if (weight == 0) continue;
    const cost = costOf(drawOf(one, key));
    if (bestWeight != 0 && !isCheaper(cost, weight, bestCost, bestWeight)) continue;
    bestCost = cost;
    bestWeight = weight;
    chosen = one;
  }
}

function sampleShadows(table: usize, deployment: usize, requestKey: u32): void {
  const end = shadowsEnd(table, deployment);
  for (let one = predictorsEnd(table, deployment); one < end; one += TARGET_BYTES) {
    if (shadowCount == <u32>MAX_SHADOWS_PER_REQUEST) return;
    if (drawOf(one, requestKey) > shareOf(one)) continue;
    store<u32>(shadows + (<usize>shadowCount << 2), <u32>one);
    shadowCount++;
  }
}

function keyOfRequest(): u32 {
  if (requestId.length > 0) return hashKey(requestId.text, requestId.length);
  randomState = nextRandom(randomState);
  return randomState;
}

/** Decides where a request to a deployment goes. */
export function choose(table: usize, deployment: usize): void {
  clearForce();
  if (permits(deployment, PERMIT_FORCE)) readForce(table, deployment);
  const requestKey = keyOfRequest();
  const isSticky = findSticky(table, deployment);
  key = isSticky ? hashSticky() : requestKey;
  chosen = forcedPredictor;
  if (chosen == 0) choosePredictor(table, deployment);
  if (forcedPredictor != 0) chosenBy = BY_FORCED;
  else if (isSticky) chosenBy = BY_STICKY;
  else chosenBy = requestId.length > 0 ? BY_REQUEST_ID : BY_RANDOM;
  shadowCount = 0;
  if (!isFeedback && !areShadowsOff) sampleShadows(table, deployment, requestKey);
}
