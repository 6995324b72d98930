import type {
  CookieTerms,
  Match,
  NamedTest,
  PathTest,
  Rule,
  Shadow,
  Share,
  Sticky,
  StickyPart,
} from "../route-policy.ts";
import { described, flag, object, type SchemaFor, type ValidationRule } from "./json-schema.ts";
import {
  checked,
  KEYED_BY_PREDICTOR,
  listOf,
  name,
  nameOf,
  oneOf,
  percent,
  value,
  whole,
} from "./route-policy-fields.ts";
import {
  COOKIE_NAME_RULES,
  COOKIE_TERMS_RULES,
  exactlyOneOf,
  HEADER_NAME_RULES,
  METHOD_RULES,
  QUERY_NAME_RULES,
  RULE_NAME_RULES,
  SHADOW_RULES,
  SHARES_RULES,
  STICKY_KEYS_RULES,
  STICKY_PART_RULES,
} from "./route-policy-rules.ts";
import {
  COOKIE_TERMS_TEXTS,
  MATCH_TEXTS,
  PATH_TEST_TEXTS,
  RULE_TEXTS,
  SHADOW_TEXTS,
  SHARE_TEXTS,
  STICKY_PART_TEXTS,
  STICKY_TEXTS,
  TEST_TEXTS,
} from "./route-policy-texts.ts";

/** Sticky keys, conditions of a rule, predictors: what the filter's table can hold. */
const MOST_KEYS = 8;
const MOST_CONDITIONS = 16;
const MOST_PREDICTORS = 256;
const LARGEST_WEIGHT = 1_000_000;
/** Browsers keep no cookie for longer than 400 days. */
const LONGEST_COOKIE_SECONDS = 400 * 24 * 3600;

const headerName = checked(name, HEADER_NAME_RULES);
const cookieName = checked(name, COOKIE_NAME_RULES);
const queryName = checked(name, QUERY_NAME_RULES);

const cookieTerms = checked(
  described(
    object<CookieTerms>(
      {
        maxAgeSeconds: whole(1, LONGEST_COOKIE_SECONDS),
        path: nameOf(256),
        secure: flag,
        sameSite: oneOf(["Lax", "Strict", "None"]),
      },
      {},
    ),
    COOKIE_TERMS_TEXTS,
  ),
  COOKIE_TERMS_RULES,
);

const stickyPart = checked(
  described(
    object<StickyPart>({ header: headerName, cookie: cookieName, query: queryName, issue: cookieTerms }, {}),
    STICKY_PART_TEXTS,
  ),
  STICKY_PART_RULES,
);

export const sticky: SchemaFor<Sticky> = checked(
  described(
    object<Sticky>(
      {
        header: headerName,
        cookie: cookieName,
        query: queryName,
        keys: checked(listOf(stickyPart, { least: 1, most: MOST_KEYS }), STICKY_KEYS_RULES),
        salt: nameOf(253),
      },
      {},
    ),
    STICKY_TEXTS,
  ),
  [exactlyOneOf("header", "cookie", "query", "keys")],
);

/** Tests of one kind of thing that has a name. */
function testsOf(named: SchemaFor<string>): SchemaFor<readonly NamedTest[]> {
  const test = described(
    object<NamedTest>(
      { name: named, exact: value, prefix: value, suffix: value, contains: value, present: flag },
      { name: true },
    ),
    TEST_TEXTS,
  );
  const one: ValidationRule = exactlyOneOf("exact", "prefix", "suffix", "contains", "present");
  return listOf(checked(test, [one]), { most: MOST_CONDITIONS });
}

const path = checked(
  described(object<PathTest>({ exact: value, prefix: value, suffix: value, contains: value }, {}), PATH_TEST_TEXTS),
  [exactlyOneOf("exact", "prefix", "suffix", "contains")],
);

const match: SchemaFor<Match> = described(
  object<Match>(
    {
      headers: testsOf(headerName),
      cookies: testsOf(cookieName),
      query: testsOf(queryName),
      method: checked(nameOf(32), METHOD_RULES),
      path,
      transport: oneOf(["rest", "grpc"]),
    },
    {},
  ),
  MATCH_TEXTS,
);

const share = described(
  object<Share>({ predictor: name, weight: whole(0, LARGEST_WEIGHT) }, { predictor: true, weight: true }),
  SHARE_TEXTS,
);

export const rule: SchemaFor<Rule> = checked(
  described(
    object<Rule>(
      {
        name: checked(nameOf(63), RULE_NAME_RULES),
        match,
        percent,
        predictor: name,
        split: {
          ...checked(listOf(share, { least: 1, most: MOST_PREDICTORS }), SHARES_RULES),
          ...KEYED_BY_PREDICTOR,
        },
      },
      {},
    ),
    RULE_TEXTS,
  ),
  [exactlyOneOf("predictor", "split")],
);

export const shadow: SchemaFor<Shadow> = checked(
  described(
    object<Shadow>(
      {
        predictor: name,
        percent,
        match,
        beside: { ...listOf(name, { least: 1, most: MOST_PREDICTORS }), "x-kubernetes-list-type": "set" },
        maxBodyBytes: whole(0),
      },
      { predictor: true },
    ),
    SHADOW_TEXTS,
  ),
  SHADOW_RULES,
);
