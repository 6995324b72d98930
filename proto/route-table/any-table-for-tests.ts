import { createHash } from "node:crypto";
import fc from "fast-check";
import type {
  RouteTable,
  TableCondition,
  TableDeployment,
  TableGrant,
  TablePredictor,
  TableRule,
  TableShadow,
  TableStickyKey,
  TextTest,
} from "./model.ts";

// Random tables with few names, so that random requests meet what they ask for.

/** Predictors, shadows and rules. */
export const TARGET_NAMES = ["main", "canary", "a", "b", "long-predictor-name", "x"] as const;
/** Deployments. */
export const DEPLOYMENT_KEYS = [
  "default/iris",
  "default/other",
  "ns/name",
  "a/b",
  "models/very-long-name-of-a-deployment",
] as const;
/** Headers, cookies and query parameters of conditions and sticky keys. */
export const FIELD_NAMES = ["user", "x-user", "a b", "session"] as const;
/** What conditions compare with. */
export const FIELD_TEXTS = ["1", "", "ann", "x=y", "A", "api/v1.0/", "POST"] as const;
/** Secrets that grants know. */
export const SECRETS = ["open sesame", "\xff\x00", "x".repeat(256)] as const;
/** Headers of claims, and their values. */
export const CLAIM_HEADERS = ["x-jwt-role", "x-graphway-role"] as const;
export const CLAIM_VALUES = ["admin", "a,b", ""] as const;

const name = fc.constantFrom(...TARGET_NAMES);
const cluster = fc.constantFrom("", "c1", "ns/name/predictor");
const percent = fc.oneof(fc.constant(100), fc.double({ min: 0.001, max: 100, noNaN: true }));
const weight = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 1_000_000 }), fc.constant(0));
const timeoutMs = fc.option(fc.oneof(fc.constantFrom(1, 1000, 99_999_999), fc.integer({ min: 1, max: 0xffffffff })), {
  nil: undefined,
});

const byName = { selector: (one: { readonly name: string }) => one.name };

/** Leaves out what is undefined: absent and undefined are not the same in a table. */
function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;
}

const predictor: fc.Arbitrary<TablePredictor> = fc
  .record({ name, weight, httpCluster: cluster })
  .map((one) => ({ ...one, grpcCluster: `${one.name}/grpc` }));

const predictors = fc
  .uniqueArray(predictor, { ...byName, minLength: 1, maxLength: 5 })
  .filter((all) => all.some((one) => one.weight > 0));

const text = fc.constantFrom(...FIELD_TEXTS);
const textTest: fc.Arbitrary<TextTest> = fc.oneof(
  fc.record({ kind: fc.constantFrom("present" as const, "absent" as const) }),
  fc.record({
    kind: fc.constantFrom("exact" as const, "prefix" as const, "suffix" as const, "contains" as const),
    text,
  }),
);

const condition: fc.Arbitrary<TableCondition> = fc.oneof(
  fc.record({
    on: fc.constantFrom("header" as const, "cookie" as const, "query" as const),
    name: fc.constantFrom(...FIELD_NAMES),
    test: textTest,
  }),
  fc.record({ on: fc.constantFrom("path" as const, "method" as const), test: textTest }),
  fc.record({ on: fc.constant("transport" as const), transport: fc.constantFrom("rest" as const, "grpc" as const) }),
);
const conditions = fc.array(condition, { maxLength: 3 });

const rule: fc.Arbitrary<TableRule> = fc.record({ name, conditions, percent, predictors });

const shadow: fc.Arbitrary<TableShadow> = fc
  .record({
    name,
    percent,
    httpCluster: cluster,
    conditions,
    beside: fc.uniqueArray(name, { maxLength: 3 }),
    maxBodyBytes: fc.option(fc.constantFrom(0, 10, 4_294_967_294), { nil: undefined }),
  })
  .map((one) => defined({ ...one, grpcCluster: `s/${one.name}` }) as TableShadow);

const stickyKey: fc.Arbitrary<TableStickyKey> = fc.record({
  kind: fc.constantFrom("header" as const, "cookie" as const, "query" as const),
  name: fc.constantFrom(...FIELD_NAMES),
});

const stickyKeys: fc.Arbitrary<readonly TableStickyKey[]> = fc
  .tuple(
    fc.array(stickyKey, { maxLength: 3 }),
    fc.option(fc.constantFrom("", "; Path=/; HttpOnly")),
    fc.constantFrom(...FIELD_NAMES),
  )
  .map(([keys, attributes, cookie]) =>
    attributes === null ? keys : [...keys, { kind: "cookie", name: cookie, issue: { attributes } }],
  );

const grant: fc.Arbitrary<TableGrant> = fc.oneof(
  fc.record({ kind: fc.constant("anyone" as const) }),
  fc.constantFrom(...SECRETS).map((secret) => {
    return { kind: "secret" as const, sha256: createHash("sha256").update(secret, "latin1").digest("hex") };
  }),
  fc.record({
    kind: fc.constant("claim" as const),
    header: fc.constantFrom(...CLAIM_HEADERS),
    value: fc.constantFrom(...CLAIM_VALUES),
  }),
);
const grants = fc.array(grant, { maxLength: 3 });

const deployment: fc.Arbitrary<TableDeployment> = fc
  .record({
    key: fc.constantFrom(...DEPLOYMENT_KEYS),
    salt: fc.option(fc.constantFrom("experiment", "a/b"), { nil: undefined, freq: 3 }),
    permits: fc.record({ force: grants, explain: grants }),
    stickyKeys,
    predictors,
    rules: fc.uniqueArray(rule, { ...byName, maxLength: 3 }),
    shadows: fc.uniqueArray(shadow, { ...byName, maxLength: 6 }),
    defaultTimeoutMs: timeoutMs,
    maxTimeoutMs: timeoutMs,
  })
  .map((one) => defined(one) as TableDeployment);

/** Any table that the format permits. */
export const anyTable: fc.Arbitrary<RouteTable> = fc
  .record({
    role: fc.constantFrom("gateway" as const, "gateway" as const, "outbound" as const, "inbound" as const),
    generation: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    peersOnly: fc.boolean(),
    deployments: fc.uniqueArray(deployment, { selector: (one) => one.key, maxLength: 5 }),
  })
  .map(({ peersOnly, ...table }) => (table.role === "inbound" && peersOnly ? { ...table, peersOnly } : table))
  .map((table): RouteTable => structuredClone(table));
