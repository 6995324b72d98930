import { MAX_WEIGHT } from "../vocabulary/limits.ts";
import * as at from "../vocabulary/table-layout.ts";
import { GRANT_CODES, ON_CODES, STICKY_CODES, TEST_CODES, wordOf } from "./codes.ts";
import { percentOf, type Seeds } from "./hashes.ts";
import type { TableCondition, TableGrant, TableStickyKey, TextTest } from "./model.ts";
import { refuse, type TableBytes } from "./table-bytes.ts";

/** A run of records of another area. */
export interface Range {
  readonly first: number;
  readonly count: number;
}

/** The records of a run; `limit` is how many one may have. */
export function recordsOf<T>(
  records: readonly T[],
  { first, count }: Range,
  limit: number,
  what: string,
): readonly T[] {
  if (count > limit) refuse(`${count} ${what}, the limit is ${limit}`);
  if (first + count > records.length) refuse(`${what} outside the table`);
  return records.slice(first, first + count);
}

/** A condition, or the name of a predictor of which one must be chosen. */
export type ConditionRecord = TableCondition | { readonly on: "predictor"; readonly name: string };

interface TargetRecord {
  readonly name: string;
  readonly seeds: Seeds;
  readonly httpCluster: string;
  readonly grpcCluster: string;
}

function readTarget(bytes: TableBytes, start: number): TargetRecord {
  return {
    name: bytes.text(start + at.TARGET_NAME, start + at.TARGET_NAME_LENGTH),
    seeds: { a: bytes.u32(start + at.TARGET_SEED_A), b: bytes.u32(start + at.TARGET_SEED_B) },
    httpCluster: bytes.text(start + at.TARGET_HTTP, start + at.TARGET_HTTP_LENGTH),
    grpcCluster: bytes.text(start + at.TARGET_GRPC, start + at.TARGET_GRPC_LENGTH),
  };
}

export interface PredictorRecord extends TargetRecord {
  readonly weight: number;
}

export function readPredictor(bytes: TableBytes, start: number): PredictorRecord {
  const weight = bytes.u32(start + at.TARGET_WEIGHT);
  if (weight > MAX_WEIGHT) refuse(`a predictor weighs ${weight}, the limit is ${MAX_WEIGHT}`);
  if (bytes.u16(start + at.TARGET_RESERVED) !== 0) refuse("a target has unknown fields");
  return { ...readTarget(bytes, start), weight };
}

export interface RuleRecord {
  readonly name: string;
  readonly conditions: Range;
  readonly percent: number;
  readonly seeds: Seeds;
  readonly predictors: Range;
}

export function readRule(bytes: TableBytes, start: number): RuleRecord {
  if (bytes.u16(start + at.RULE_RESERVED) !== 0) refuse("a rule has unknown fields");
  return {
    name: bytes.text(start + at.RULE_NAME, start + at.RULE_NAME_LENGTH),
    conditions: { first: bytes.u32(start + at.RULE_FIRST_CONDITION), count: bytes.u16(start + at.RULE_CONDITIONS) },
    percent: percentOf(bytes.u32(start + at.RULE_LAST_DRAW)),
    seeds: { a: bytes.u32(start + at.RULE_SEED_A), b: bytes.u32(start + at.RULE_SEED_B) },
    predictors: { first: bytes.u32(start + at.RULE_FIRST_TARGET), count: bytes.u16(start + at.RULE_PREDICTORS) },
  };
}

export interface ShadowRecord extends TargetRecord {
  readonly percent: number;
  readonly conditions: Range;
  readonly beside: Range;
  readonly maxBodyBytes?: number;
}

export function readShadow(bytes: TableBytes, start: number): ShadowRecord {
  if (bytes.u16(start + at.SHADOW_RESERVED) !== 0 || bytes.u32(start + at.SHADOW_RESERVED_2) !== 0)
    refuse("a shadow has unknown fields");
  const first = bytes.u32(start + at.SHADOW_FIRST_CONDITION);
  const conditions = { first, count: bytes.u16(start + at.SHADOW_CONDITIONS) };
  const maxBodyBytes = bytes.u32(start + at.SHADOW_MAX_BODY_BYTES);
  return {
    ...readTarget(bytes, start),
    percent: percentOf(bytes.u32(start + at.SHADOW_LAST_DRAW)),
    conditions,
    beside: { first: first + conditions.count, count: bytes.u16(start + at.SHADOW_BESIDE) },
    ...(maxBodyBytes === at.NO_BODY_LIMIT ? {} : { maxBodyBytes }),
  };
}

function readTest(code: number, text: string): TextTest {
  const kind = wordOf(TEST_CODES, code) ?? refuse(`unknown test ${code}`);
  if (kind !== "present" && kind !== "absent") return { kind, text };
  if (text !== "") refuse("a condition compares with a text that it has no use for");
  return { kind };
}

export function readCondition(bytes: TableBytes, start: number): ConditionRecord {
  const code = bytes.u8(start + at.CONDITION_ON);
  const name = bytes.text(start + at.CONDITION_NAME, start + at.CONDITION_NAME_LENGTH);
  const text = bytes.text(start + at.CONDITION_TEXT, start + at.CONDITION_TEXT_LENGTH);
  const test = readTest(bytes.u8(start + at.CONDITION_TEST), text);
  if (bytes.u16(start + at.CONDITION_RESERVED) !== 0) refuse("a condition has unknown fields");
  const on =
    code === at.ON_PREDICTOR ? "predictor" : (wordOf(ON_CODES, code) ?? refuse(`unknown condition on ${code}`));
  if (on === "header" || on === "cookie" || on === "query") return { on, name, test };
  if (name !== "") refuse("a condition has a name that it has no use for");
  if (on === "path" || on === "method") return { on, test };
  if (test.kind !== "exact") refuse(`a condition on the ${on} is not exact`);
  if (on === "predictor") return { on, name: text };
  return { on, transport: text === "rest" || text === "grpc" ? text : refuse(`unknown transport ${text}`) };
}

export function readStickyKey(bytes: TableBytes, start: number): TableStickyKey {
  const code = bytes.u8(start + at.STICKY_KEY_KIND);
  const kind = wordOf(STICKY_CODES, code) ?? refuse(`unknown kind ${code} of sticky key`);
  const issue = bytes.u8(start + at.STICKY_KEY_ISSUE);
  const name = bytes.text(start + at.STICKY_KEY_NAME, start + at.STICKY_KEY_NAME_LENGTH);
  const attributes = bytes.text(start + at.STICKY_KEY_ATTRIBUTES, start + at.STICKY_KEY_ATTRIBUTES_LENGTH);
  if (issue > 1 || bytes.u16(start + at.STICKY_KEY_RESERVED) !== 0) refuse("a sticky key has unknown fields");
  if (issue === 1 && kind !== "cookie") refuse("a sticky key issues what is no cookie");
  return kind === "cookie" && issue === 1 ? { kind, name, issue: { attributes } } : { kind, name };
}

export function readGrant(bytes: TableBytes, start: number): TableGrant {
  const code = bytes.u8(start + at.GRANT_KIND);
  const kind = wordOf(GRANT_CODES, code) ?? refuse(`unknown kind ${code} of grant`);
  const header = bytes.text(start + at.GRANT_NAME, start + at.GRANT_NAME_LENGTH);
  const value = bytes.text(start + at.GRANT_TEXT, start + at.GRANT_TEXT_LENGTH);
  if (bytes.u8(start + at.GRANT_RESERVED) !== 0 || bytes.u16(start + at.GRANT_RESERVED_2) !== 0)
    refuse("a grant has unknown fields");
  if (kind === "claim") return { kind, header, value };
  if (kind === "anyone") return { kind };
  if (value.length !== 32) refuse(`the hash of a secret has ${value.length} bytes`);
  return { kind, sha256: Buffer.from(value, "latin1").toString("hex") };
}
