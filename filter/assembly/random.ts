// Random words: a xorshift generator, seeded once, since asking the host costs more than the numbers are worth.
import { nextRandom } from "../../proto/vocabulary/hash";
import { randomWord } from "./host/calls";

let state: u32 = max<u32>(randomWord(), 1);

/** The next random word; never 0. */
export function drawWord(): u32 {
  state = nextRandom(state);
  return state;
}
