import type { ObjectMeta } from "../kubernetes.ts";
import type { Permission, RoutePolicy, RoutePolicySpec, Sticky, TargetRef } from "../route-policy.ts";
import { POLICY_TEXTS, STICKY_TEXTS } from "./field-texts.ts";
import { anyMap, described, flag, object, reference, text, type JsonSchema, type SchemaFor } from "./json-schema.ts";

const name: SchemaFor<string> = { type: "string", minLength: 1 };
const permission = object<Permission>({ allow: flag }, { allow: true });

/** Exactly one of the three; what else is in it is reported as unknown. */
const sticky: SchemaFor<Sticky> = described(
  object<Sticky>({ header: name, cookie: name, query: name }, {}),
  STICKY_TEXTS,
);

const spec: JsonSchema & SchemaFor<RoutePolicySpec> = described(
  object<RoutePolicySpec>(
    {
      targetRef: object<TargetRef>({ group: text, kind: text, name }, { group: true, kind: true, name: true }),
      sticky,
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
