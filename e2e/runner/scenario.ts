import type { World } from "./world.ts";

/** One thing that must hold on a real cluster. */
export interface Scenario {
  /** `group/name`; what is selected by. */
  readonly name: string;
  /** What it shows, in a sentence. */
  readonly shows: string;
  /** It disturbs others (ends the operator, measures time): nothing else runs beside it. */
  readonly isAlone?: boolean;
  /** Default 300 s. */
  readonly timeoutMs?: number;
  /** Throws where it does not hold. Everything happens in the world's own namespace, which is deleted afterwards. */
  run(world: World): Promise<void>;
}

/** Why a scenario could not be run on this target; not a failure, but said loudly. */
export class NotRun extends Error {}

/** True when one of the words fits: a name, a group, or a pattern with `*`. No words: everything. */
export function isSelected(name: string, words: readonly string[]): boolean {
  return words.length === 0 || words.some((word) => patternOf(word).test(name));
}

function patternOf(word: string): RegExp {
  const escaped = word.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${escaped}(/.*)?$`);
}
