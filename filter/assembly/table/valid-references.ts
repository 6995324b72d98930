// Whether the records of a table keep within it. Each record of an area is checked once, referenced or not; who refers to
// records checks only that they are there, and what they must be to be used so.
import * as at from "../../../proto/vocabulary/table-layout";
import { conditionAt, grantAt, ruleAt, shadowRecordAt, stickyKeyAt, targetAt, weightOf } from "./records";
import { isCondition, isGrant, isStickyKey, isString, isTarget } from "./valid-records";

/** True when records stand in an area; `countAt` is where the header says how many the area has. */
function isRange(table: usize, countAt: u32, first: u32, count: u32, limit: u32): bool {
  return count <= limit && <u64>first + count <= <u64>load<u32>(table + countAt);
}

/** Predictors, one of which can be chosen. */
function isSplit(table: usize, first: u32, count: u32): bool {
  if (!isRange(table, at.AT_TARGET_COUNT, first, count, at.MAX_TARGETS_PER_DEPLOYMENT)) return false;
  for (let index: u32 = 0; index < count; index++) {
    if (weightOf(targetAt(table, first + index)) > 0) return true;
  }
  return false;
}

/** Conditions that are all on the chosen predictor, or none of which is: a rule is asked before there is one. */
function areConditions(table: usize, first: u32, count: u32, limit: u32, onPredictor: bool): bool {
  if (!isRange(table, at.AT_CONDITION_COUNT, first, count, limit)) return false;
  for (let index: u32 = 0; index < count; index++) {
    const on: u32 = load<u8>(conditionAt(table, first + index) + at.CONDITION_ON);
    if ((on == at.ON_PREDICTOR) != onPredictor) return false;
  }
  return true;
}

function isRule(table: usize, rule: usize): bool {
  return (
    isString(table, rule + at.RULE_NAME, rule + at.RULE_NAME_LENGTH) &&
    areConditions(table, load<u32>(rule + at.RULE_FIRST_CONDITION), load<u16>(rule + at.RULE_CONDITIONS), at.MAX_CONDITIONS, false) &&
    isSplit(table, load<u32>(rule + at.RULE_FIRST_TARGET), load<u16>(rule + at.RULE_PREDICTORS)) &&
    load<u16>(rule + at.RULE_RESERVED) == 0
  );
}

function isShadow(table: usize, shadow: usize): bool {
  const first = load<u32>(shadow + at.SHADOW_FIRST_CONDITION);
  const all: u32 = load<u16>(shadow + at.SHADOW_CONDITIONS);
  return (
    isString(table, shadow + at.TARGET_NAME, shadow + at.TARGET_NAME_LENGTH) &&
    isString(table, shadow + at.TARGET_HTTP, shadow + at.TARGET_HTTP_LENGTH) &&
    isString(table, shadow + at.TARGET_GRPC, shadow + at.TARGET_GRPC_LENGTH) &&
    areConditions(table, first, all, at.MAX_CONDITIONS, false) &&
    areConditions(table, first + all, load<u16>(shadow + at.SHADOW_BESIDE), at.MAX_TARGETS_PER_DEPLOYMENT, true) &&
    load<u16>(shadow + at.SHADOW_RESERVED) == 0 &&
    load<u32>(shadow + at.SHADOW_RESERVED_2) == 0
  );
}

/** Sticky keys, at most one of which is a cookie to issue. */
function areStickyKeys(table: usize, first: u32, count: u32): bool {
  if (!isRange(table, at.AT_STICKY_KEY_COUNT, first, count, at.MAX_STICKY_KEYS)) return false;
  let issued: u32 = 0;
  for (let index: u32 = 0; index < count; index++) {
    issued += load<u8>(stickyKeyAt(table, first + index) + at.STICKY_KEY_ISSUE);
  }
  return issued <= 1;
}

function areGrants(table: usize, deployment: usize): bool {
  const force: u32 = load<u8>(deployment + at.DEPLOYMENT_FORCE_GRANTS);
  const explain: u32 = load<u8>(deployment + at.DEPLOYMENT_EXPLAIN_GRANTS);
  if (force > at.MAX_GRANTS || explain > at.MAX_GRANTS) return false;
  return isRange(table, at.AT_GRANT_COUNT, load<u32>(deployment + at.DEPLOYMENT_FIRST_GRANT), force + explain, 2 * at.MAX_GRANTS);
}

function isDeployment(table: usize, deployment: usize): bool {
  const rules: u32 = load<u16>(deployment + at.DEPLOYMENT_RULES);
  const shadows: u32 = load<u16>(deployment + at.DEPLOYMENT_SHADOWS);
  return (
    isString(table, deployment + at.DEPLOYMENT_KEY, deployment + at.DEPLOYMENT_KEY_LENGTH) &&
    isSplit(table, load<u32>(deployment + at.DEPLOYMENT_FIRST_TARGET), load<u16>(deployment + at.DEPLOYMENT_PREDICTORS)) &&
    isRange(table, at.AT_RULE_COUNT, load<u32>(deployment + at.DEPLOYMENT_FIRST_RULE), rules, at.MAX_RULES_PER_DEPLOYMENT) &&
    isRange(table, at.AT_SHADOW_COUNT, load<u32>(deployment + at.DEPLOYMENT_FIRST_SHADOW), shadows, at.MAX_TARGETS_PER_DEPLOYMENT) &&
    areStickyKeys(table, load<u32>(deployment + at.DEPLOYMENT_FIRST_STICKY_KEY), load<u8>(deployment + at.DEPLOYMENT_STICKY_KEYS)) &&
    load<u8>(deployment + at.DEPLOYMENT_RESERVED) == 0 &&
    areGrants(table, deployment)
  );
}

/** True when all records of a table whose areas keep within it are right. */
export function areRecords(table: usize): bool {
  const targets = load<u32>(table + at.AT_TARGET_COUNT);
  for (let index: u32 = 0; index < targets; index++) if (!isTarget(table, targetAt(table, index))) return false;
  const conditions = load<u32>(table + at.AT_CONDITION_COUNT);
  for (let index: u32 = 0; index < conditions; index++) if (!isCondition(table, conditionAt(table, index))) return false;
  const keys = load<u32>(table + at.AT_STICKY_KEY_COUNT);
  for (let index: u32 = 0; index < keys; index++) if (!isStickyKey(table, stickyKeyAt(table, index))) return false;
  const grants = load<u32>(table + at.AT_GRANT_COUNT);
  for (let index: u32 = 0; index < grants; index++) if (!isGrant(table, grantAt(table, index))) return false;
  const rules = load<u32>(table + at.AT_RULE_COUNT);
  for (let index: u32 = 0; index < rules; index++) if (!isRule(table, ruleAt(table, index))) return false;
  const shadows = load<u32>(table + at.AT_SHADOW_COUNT);
  for (let index: u32 = 0; index < shadows; index++) if (!isShadow(table, shadowRecordAt(table, index))) return false;
  let deployment = table + load<u32>(table + at.AT_DEPLOYMENTS);
  const end = deployment + load<u32>(table + at.AT_DEPLOYMENT_COUNT) * at.DEPLOYMENT_BYTES;
  for (; deployment < end; deployment += at.DEPLOYMENT_BYTES) if (!isDeployment(table, deployment)) return false;
  return true;
}
