import type { ObjectMeta } from "../kubernetes.ts";
import type { Permission, RoutePolicy, RoutePolicySpec, Sticky, TargetRef } from "../route-policy.ts";
import { anyMap, flag, object, reference, text, type JsonSchema, type SchemaFor } from "./json-schema.ts";

const name: SchemaFor<string> = { type: "string", minLength: 1 };
const permission = object<Permission>({ allow: flag }, { allow: true });

/** Exactly one of the three; what else is in it is reported as unknown. */
const sticky: SchemaFor<Sticky> = object<Sticky>({ header: name, cookie: name, query: name }, {});

const spec: JsonSchema & SchemaFor<RoutePolicySpec> = object<RoutePolicySpec>(
  {
    targetRef: object<TargetRef>({ group: text, kind: text, name }, { group: true, kind: true, name: true }),
    sticky,
    force: permission,
    explain: permission,
  },
  { targetRef: true },
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
