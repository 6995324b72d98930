import * as at from "../vocabulary/table-layout.ts";

/** Kinds of records, each of which has an area, in the order of the areas. */
export const DEPLOYMENTS = 0;
export const TARGETS = 1;
export const RULES = 2;
export const CONDITIONS = 3;
export const SHADOWS = 4;
export const STICKY_KEYS = 5;
export const GRANTS = 6;

/** Where things stand in a record of a kind that depend on what else is in the table. */
export interface RecordKind {
  readonly bytesEach: number;
  /** Where the header says where the area starts, and how many records it has. */
  readonly startField: number;
  readonly countField: number;
  /** Fields with the offset of a text. */
  readonly texts: readonly number[];
  /** Fields with the index of a record, and the kind of that. */
  readonly indexes: readonly (readonly [field: number, kind: number])[];
}

function kind(
  [bytesEach, startField, countField]: readonly [number, number, number],
  texts: RecordKind["texts"],
  indexes: RecordKind["indexes"] = [],
): RecordKind {
  return { bytesEach, startField, countField, texts, indexes };
}

const TARGET_TEXTS = [at.TARGET_NAME, at.TARGET_HTTP, at.TARGET_GRPC];

/** What there is of each kind, in the order of the areas. */
export function inOrder<T>(ofKinds: Readonly<Record<number, T>>): readonly T[] {
  return Object.values(ofKinds); // whole numbers come first among keys, in their order
}

/** By number of the kind. */
export const RECORD_KINDS: readonly RecordKind[] = inOrder({
  [DEPLOYMENTS]: kind(
    [at.DEPLOYMENT_BYTES, at.AT_DEPLOYMENTS, at.AT_DEPLOYMENT_COUNT],
    [at.DEPLOYMENT_KEY],
    [
      [at.DEPLOYMENT_FIRST_TARGET, TARGETS],
      [at.DEPLOYMENT_FIRST_RULE, RULES],
      [at.DEPLOYMENT_FIRST_SHADOW, SHADOWS],
      [at.DEPLOYMENT_FIRST_STICKY_KEY, STICKY_KEYS],
      [at.DEPLOYMENT_FIRST_GRANT, GRANTS],
    ],
  ),
  [TARGETS]: kind([at.TARGET_BYTES, at.AT_TARGETS, at.AT_TARGET_COUNT], TARGET_TEXTS),
  [RULES]: kind(
    [at.RULE_BYTES, at.AT_RULES, at.AT_RULE_COUNT],
    [at.RULE_NAME],
    [
      [at.RULE_FIRST_CONDITION, CONDITIONS],
      [at.RULE_FIRST_TARGET, TARGETS],
    ],
  ),
  [CONDITIONS]: kind(
    [at.CONDITION_BYTES, at.AT_CONDITIONS, at.AT_CONDITION_COUNT],
    [at.CONDITION_NAME, at.CONDITION_TEXT],
  ),
  [SHADOWS]: kind([at.SHADOW_BYTES, at.AT_SHADOWS, at.AT_SHADOW_COUNT], TARGET_TEXTS, [
    [at.SHADOW_FIRST_CONDITION, CONDITIONS],
  ]),
  [STICKY_KEYS]: kind(
    [at.STICKY_KEY_BYTES, at.AT_STICKY_KEYS, at.AT_STICKY_KEY_COUNT],
    [at.STICKY_KEY_NAME, at.STICKY_KEY_ATTRIBUTES],
  ),
  [GRANTS]: kind([at.GRANT_BYTES, at.AT_GRANTS, at.AT_GRANT_COUNT], [at.GRANT_NAME, at.GRANT_TEXT]),
});
