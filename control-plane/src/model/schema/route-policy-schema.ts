import type { ObjectMeta } from "../kubernetes.ts";
import type { RoutePolicy, RoutePolicySpec, TargetRef } from "../route-policy.ts";
import { anyMap, described, flag, object, reference, text, type SchemaFor } from "./json-schema.ts";
import { checked, KEYED_BY_PREDICTOR, listOf, name, nameOf } from "./route-policy-fields.ts";
import { deadline, ejection, limits, permission, retries } from "./route-policy-limits.ts";
import { RULE_NAMES_RULES, TARGET_RULES } from "./route-policy-rules.ts";
import { POLICY_TEXTS, TARGET_TEXTS } from "./route-policy-texts.ts";
import { rule, shadow, sticky } from "./route-policy-traffic.ts";

/** What the filter's table can hold of each for one deployment. */
export const MOST_RULES = 64;
export const MOST_SHADOWS = 256;
const MOST_PREDICTORS = 256;

const targetRef = checked(
  described(
    object<TargetRef>(
      { group: nameOf(253), kind: nameOf(63), name: nameOf(253) },
      { group: true, kind: true, name: true },
    ),
    TARGET_TEXTS,
  ),
  TARGET_RULES,
);

const spec: SchemaFor<RoutePolicySpec> = described(
  object<RoutePolicySpec>(
    {
      targetRef,
      sticky,
      rules: checked(listOf(rule, { most: MOST_RULES }), RULE_NAMES_RULES),
      shadows: { ...listOf(shadow, { most: MOST_SHADOWS }), ...KEYED_BY_PREDICTOR },
      retries,
      deadline,
      fallback: { ...listOf(name, { most: MOST_PREDICTORS }), "x-kubernetes-list-type": "set" },
      limits,
      ejection,
      bypass: flag,
      force: permission,
      explain: permission,
    },
    { targetRef: true },
  ),
  POLICY_TEXTS,
);

/** RoutePolicy `graphway.dev/v1alpha1`. */
export const ROUTE_POLICY_SCHEMA = {
  $id: "route-policy",
  ...object<RoutePolicy>(
    {
      apiVersion: text,
      kind: text,
      metadata: reference<ObjectMeta>("kubernetes#/definitions/ObjectMeta"),
      spec,
      status: anyMap,
    },
    { apiVersion: true, kind: true, metadata: true, spec: true },
  ),
} as const;
