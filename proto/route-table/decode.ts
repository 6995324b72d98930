import * as at from "../vocabulary/table-layout.ts";
import { ROLE_CODES, wordOf } from "./codes.ts";
import { ruleSeeds, type Seeds, shadowSeeds, splitSeeds } from "./hashes.ts";
import type {
  RouteTable,
  TableCondition,
  TableDeployment,
  TablePredictor,
  TableRule,
  TableShadow,
  TableStickyKey,
} from "./model.ts";
import * as records from "./read-records.ts";
import { refuse, TableBytes, Unreadable } from "./table-bytes.ts";

/** A table, or what is wrong with the bytes. */
export type Decoded =
  { readonly ok: true; readonly table: RouteTable } | { readonly ok: false; readonly reason: string };

/** Everything that deployments and rules refer to. */
interface Records {
  readonly targets: readonly records.PredictorRecord[];
  readonly rules: readonly records.RuleRecord[];
  readonly conditions: readonly records.ConditionRecord[];
  readonly shadows: readonly records.ShadowRecord[];
  readonly stickyKeys: readonly TableStickyKey[];
  readonly grants: TableDeployment["permits"]["force"];
}

function readRecords(bytes: TableBytes): Records {
  return {
    targets: bytes.records("targets", (start) => records.readPredictor(bytes, start)),
    rules: bytes.records("rules", (start) => records.readRule(bytes, start)),
    conditions: bytes.records("conditions", (start) => records.readCondition(bytes, start)),
    shadows: bytes.records("shadows", (start) => records.readShadow(bytes, start)),
    stickyKeys: bytes.records("sticky keys", (start) => records.readStickyKey(bytes, start)),
    grants: bytes.records("grants", (start) => records.readGrant(bytes, start)),
  };
}

/** Seeds that are what the format gives anyway are left out. */
function withSeeds<T extends { readonly seeds: Seeds }>(record: T, usual: Seeds): Omit<T, "seeds"> & { seeds?: Seeds } {
  const { seeds, ...rest } = record;
  return seeds.a === usual.a && seeds.b === usual.b ? rest : { ...rest, seeds };
}

function splitOf(all: Records, range: records.Range, key: string): readonly TablePredictor[] {
  const predictors = records.recordsOf(all.targets, range, at.MAX_TARGETS_PER_DEPLOYMENT, "predictors");
  if (!predictors.some((one) => one.weight > 0)) refuse("a split without a predictor of positive weight");
  return predictors.map((one) => withSeeds(one, splitSeeds(key, one.name)));
}

function conditionsOf(all: Records, range: records.Range): readonly TableCondition[] {
  return records
    .recordsOf(all.conditions, range, at.MAX_CONDITIONS, "conditions")
    .map((one) => (one.on === "predictor" ? refuse("a condition on the predictor that is not yet chosen") : one));
}

function besideOf(all: Records, range: records.Range): readonly string[] {
  return records
    .recordsOf(all.conditions, range, at.MAX_TARGETS_PER_DEPLOYMENT, "predictors to stand beside")
    .map((one) => (one.on === "predictor" ? one.name : refuse("a shadow stands beside what is no predictor")));
}

function ruleOf(all: Records, rule: records.RuleRecord, key: string): TableRule {
  return {
    ...withSeeds(rule, ruleSeeds(key, rule.name)),
    conditions: conditionsOf(all, rule.conditions),
    predictors: splitOf(all, rule.predictors, key),
  };
}

function shadowOf(all: Records, shadow: records.ShadowRecord, key: string): TableShadow {
  return {
    ...withSeeds(shadow, shadowSeeds(key, shadow.name)),
    conditions: conditionsOf(all, shadow.conditions),
    beside: besideOf(all, shadow.beside),
  };
}

function stickyKeysOf(all: Records, range: records.Range): readonly TableStickyKey[] {
  const keys = records.recordsOf(all.stickyKeys, range, at.MAX_STICKY_KEYS, "sticky keys");
  if (keys.filter((one) => one.kind === "cookie" && one.issue !== undefined).length > 1)
    refuse("a deployment issues two cookies");
  return keys;
}

function permitsOf(bytes: TableBytes, all: Records, start: number): TableDeployment["permits"] {
  const first = bytes.u32(start + at.DEPLOYMENT_FIRST_GRANT);
  const count = bytes.u8(start + at.DEPLOYMENT_FORCE_GRANTS);
  const explain = { first: first + count, count: bytes.u8(start + at.DEPLOYMENT_EXPLAIN_GRANTS) };
  return {
    force: records.recordsOf(all.grants, { first, count }, at.MAX_GRANTS, "grants"),
    explain: records.recordsOf(all.grants, explain, at.MAX_GRANTS, "grants"),
  };
}

/** Times that are limits; 0 is none. */
function timeoutsOf(bytes: TableBytes, start: number): Pick<TableDeployment, "defaultTimeoutMs" | "maxTimeoutMs"> {
  const defaultTimeoutMs = bytes.u32(start + at.DEPLOYMENT_DEFAULT_TIMEOUT_MS);
  const maxTimeoutMs = bytes.u32(start + at.DEPLOYMENT_MAX_TIMEOUT_MS);
  return {
    ...(defaultTimeoutMs === 0 ? {} : { defaultTimeoutMs }),
    ...(maxTimeoutMs === 0 ? {} : { maxTimeoutMs }),
  };
}

function readDeployment(bytes: TableBytes, all: Records, start: number): TableDeployment {
  const range = (firstAt: number, count: number) => ({ first: bytes.u32(start + firstAt), count });
  const key = bytes.text(start + at.DEPLOYMENT_KEY, start + at.DEPLOYMENT_KEY_LENGTH);
  if (bytes.u8(start + at.DEPLOYMENT_RESERVED) !== 0) refuse(`deployment ${key} has unknown fields`);
  const predictors = range(at.DEPLOYMENT_FIRST_TARGET, bytes.u16(start + at.DEPLOYMENT_PREDICTORS));
  const rules = range(at.DEPLOYMENT_FIRST_RULE, bytes.u16(start + at.DEPLOYMENT_RULES));
  const shadows = range(at.DEPLOYMENT_FIRST_SHADOW, bytes.u16(start + at.DEPLOYMENT_SHADOWS));
  const stickyKeys = range(at.DEPLOYMENT_FIRST_STICKY_KEY, bytes.u8(start + at.DEPLOYMENT_STICKY_KEYS));
  return {
    key,
    permits: permitsOf(bytes, all, start),
    stickyKeys: stickyKeysOf(all, stickyKeys),
    predictors: splitOf(all, predictors, key),
    rules: records
      .recordsOf(all.rules, rules, at.MAX_RULES_PER_DEPLOYMENT, "rules")
      .map((one) => ruleOf(all, one, key)),
    shadows: records
      .recordsOf(all.shadows, shadows, at.MAX_TARGETS_PER_DEPLOYMENT, "shadows")
      .map((one) => shadowOf(all, one, key)),
    ...timeoutsOf(bytes, start),
  };
}

/** Every record of an area is right, whoever refers to it. */
function checkUnreferenced(all: Records): void {
  for (const rule of all.rules) {
    conditionsOf(all, rule.conditions);
    splitOf(all, rule.predictors, "");
  }
  for (const shadow of all.shadows) {
    conditionsOf(all, shadow.conditions);
    besideOf(all, shadow.beside);
  }
}

/** Reads the bytes of a route table, as strictly as the filter does. */
export function decodeRouteTable(bytes: Uint8Array): Decoded {
  try {
    const table = new TableBytes(bytes);
    const all = readRecords(table);
    checkUnreferenced(all);
    const peersOnly = table.u8(at.AT_FLAGS) === at.FLAG_PEERS_ONLY;
    return {
      ok: true,
      table: {
        role: wordOf(ROLE_CODES, table.u8(at.AT_ROLE)) ?? "gateway",
        generation: table.u64(at.AT_GENERATION),
        ...(peersOnly ? { peersOnly } : {}),
        deployments: table.records("deployments", (start) => readDeployment(table, all, start)),
      },
    };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, reason: error.message };
    throw error;
  }
}
