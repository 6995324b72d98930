import { MAX_WEIGHT } from "#proto/vocabulary/limits.ts";
import * as at from "#proto/vocabulary/table-layout.ts";
import type {
  TableCondition,
  TableDeployment,
  TableGrant,
  TablePredictor,
  TableStickyKey,
} from "#proto/route-table/model.ts";

/** Longest name of a sticky key, in bytes. */
const MAX_STICKY_NAME_BYTES = 256;

/** Visible ASCII: what a name may consist of that goes into a header by itself. */
const VISIBLE = /^[\x21-\x7e]+$/;
/** Printable ASCII: what may stand within a header's value. */
const PRINTABLE = /^[\x20-\x7e]*$/;
/** A cookie's name (RFC 6265, section 4.1.1). */
const COOKIE_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const SHA256 = /^[0-9a-f]{64}$/;

type Because = string | undefined;

/** The first reason among several questions, none of which is asked when one before it has an answer. */
function first<T>(list: readonly T[], because: (one: T) => Because): Because {
  for (const one of list) {
    const found = because(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

function tooMany(what: string, count: number, limit: number): Because {
  return count > limit ? `it has more than ${limit} ${what}` : undefined;
}

function repeated(names: readonly string[]): Because {
  const twice = names.length < 2 ? undefined : names.find((name, index) => names.indexOf(name) !== index);
  return twice === undefined ? undefined : `${twice} stands twice`;
}

function isShown(text: string): string {
  return text.slice(0, 80);
}

/** A name that goes into a header by itself. */
function badName(name: string): Because {
  if (name.length <= at.MAX_TABLE_STRING_BYTES && VISIBLE.test(name)) return undefined;
  return `the name "${isShown(name)}" cannot stand in a header`;
}

function tooLong(text: string): Because {
  if (text.length <= at.MAX_TABLE_STRING_BYTES) return undefined;
  return `the text "${isShown(text)}" is longer than ${at.MAX_TABLE_STRING_BYTES} bytes`;
}

function badCluster(cluster: string): Because {
  return cluster === "" ? undefined : badName(cluster);
}

function badSplit(predictors: readonly TablePredictor[]): Because {
  const bad = predictors.find((one) => !Number.isInteger(one.weight) || one.weight < 0 || one.weight > MAX_WEIGHT);
  if (bad !== undefined) return `the weight ${bad.weight} of ${bad.name} is no whole number from 0 to ${MAX_WEIGHT}`;
  if (!predictors.some((one) => one.weight > 0)) return "no predictor has a positive weight";
  return (
    tooMany("predictors or shadows", predictors.length, at.MAX_TARGETS_PER_DEPLOYMENT) ??
    repeated(predictors.map((one) => one.name)) ??
    first(predictors, (one) => badName(one.name) ?? badCluster(one.httpCluster) ?? badCluster(one.grpcCluster))
  );
}

function badPercent(percent: number, of: string): Because {
  return percent > 0 && percent <= 100 ? undefined : `the share ${percent} of ${of} is not above 0 and up to 100`;
}

function badConditions(conditions: readonly TableCondition[], of: string): Because {
  if (conditions.length > at.MAX_CONDITIONS) return `${of} has more than ${at.MAX_CONDITIONS} conditions`;
  return first(conditions, (one) => {
    if (one.on === "transport") return undefined;
    return ("name" in one ? tooLong(one.name) : undefined) ?? ("text" in one.test ? tooLong(one.test.text) : undefined);
  });
}

function badRules({ rules }: TableDeployment): Because {
  return (
    tooMany("rules", rules.length, at.MAX_RULES_PER_DEPLOYMENT) ??
    repeated(rules.map((one) => one.name)) ??
    first(rules, ({ name, percent, conditions, predictors }) => {
      if (name === "" || !PRINTABLE.test(name)) return `the name "${isShown(name)}" of a rule cannot stand in a header`;
      const because = tooLong(name) ?? badPercent(percent, "the rule") ?? badConditions(conditions, "it");
      const why = because ?? badSplit(predictors);
      return why === undefined ? undefined : `rule ${isShown(name)}: ${why}`;
    })
  );
}

function badShadows({ shadows }: TableDeployment): Because {
  return (
    tooMany("predictors or shadows", shadows.length, at.MAX_TARGETS_PER_DEPLOYMENT) ??
    repeated(shadows.map((one) => one.name)) ??
    first(shadows, ({ name, percent, conditions, beside, maxBodyBytes = 0, httpCluster, grpcCluster }) => {
      if (!Number.isInteger(maxBodyBytes) || maxBodyBytes < 0)
        return `the largest body ${maxBodyBytes} of shadow ${name} is no number of bytes`;
      return (
        badPercent(percent, `shadow ${name}`) ??
        badName(name) ??
        badCluster(httpCluster) ??
        badCluster(grpcCluster) ??
        badConditions(conditions, `shadow ${name}`) ??
        tooMany(`predictors that shadow ${name} stands beside`, beside.length, at.MAX_TARGETS_PER_DEPLOYMENT) ??
        first(beside, badName)
      );
    })
  );
}

function badStickyKey(key: TableStickyKey): Because {
  if (key.name.length > MAX_STICKY_NAME_BYTES) return "the name of its sticky key is too long";
  if (key.name === "" || (key.kind === "header" && !VISIBLE.test(key.name)))
    return `the name "${key.name}" cannot stand in a header`;
  if (key.kind !== "cookie" || key.issue === undefined) return undefined;
  if (!COOKIE_NAME.test(key.name)) return `a cookie cannot be named "${key.name}"`;
  if (!PRINTABLE.test(key.issue.attributes)) return `the path of the cookie ${key.name} cannot stand in a header`;
  return tooLong(key.issue.attributes);
}

function badStickyKeys({ stickyKeys }: TableDeployment): Because {
  const issuing = stickyKeys.filter((one) => one.kind === "cookie" && one.issue !== undefined);
  if (issuing.length > 1) return `it gives new clients ${issuing.length} cookies, one is the limit`;
  return tooMany("sticky keys", stickyKeys.length, at.MAX_STICKY_KEYS) ?? first(stickyKeys, badStickyKey);
}

function badGrant(grant: TableGrant): Because {
  if (grant.kind === "secret")
    return SHA256.test(grant.sha256) ? undefined : "a secret's SHA-256 has no 64 lower-case hexadecimal digits";
  return grant.kind === "claim" ? (badName(grant.header) ?? tooLong(grant.value)) : undefined;
}

function badGrants({ permits }: TableDeployment): Because {
  return (
    tooMany("grants of force", permits.force.length, at.MAX_GRANTS) ??
    tooMany("grants of explain", permits.explain.length, at.MAX_GRANTS) ??
    first([...permits.force, ...permits.explain], badGrant)
  );
}

function badTimeout(ms: number | undefined): Because {
  if (ms === undefined || (Number.isInteger(ms) && ms > 0 && ms <= 0xffffffff)) return undefined;
  return `its deadline of ${ms} milliseconds is no whole number from 1 to 4294967295`;
}

/** Why a deployment cannot stand in a table; undefined when it can. */
export function unfitBecause(deployment: TableDeployment): string | undefined {
  return (
    badSplit(deployment.predictors) ??
    badName(deployment.key) ??
    badShadows(deployment) ??
    badRules(deployment) ??
    badStickyKeys(deployment) ??
    badGrants(deployment) ??
    badTimeout(deployment.defaultTimeoutMs) ??
    badTimeout(deployment.maxTimeoutMs)
  );
}
