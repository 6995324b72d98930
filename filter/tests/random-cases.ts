import fc from "fast-check";
import type { RouteTable, TableDeployment } from "#proto/route-table/model.ts";
import type { Headers } from "#proto/route-table/request.ts";

const name = fc.constantFrom("main", "canary", "a", "b", "long-predictor-name", "x");
const key = fc.constantFrom("default/iris", "default/other", "ns/name", "a/b", "models/very-long-name-of-a-deployment");
const weight = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 1_000_000 }), fc.constant(0));
const percent = fc.oneof(fc.constant(100), fc.double({ min: 0.001, max: 100, noNaN: true }));
const stickyName = fc.constantFrom("user", "x-user", "a b", "session");

function target<T>(
  share: fc.Arbitrary<T>,
  toTarget: (share: T, name: string, cluster: string) => object,
): fc.Arbitrary<object> {
  return fc
    .tuple(share, name, fc.constantFrom("", "c1", "ns/name/predictor"))
    .map(([one, of, cluster]) => toTarget(one, of, cluster));
}

const predictor = target(weight, (one, of, cluster) => ({
  name: of,
  weight: one,
  httpCluster: cluster,
  grpcCluster: `${of}/grpc`,
}));
const shadow = target(percent, (one, of, cluster) => ({
  name: of,
  percent: one,
  httpCluster: cluster,
  grpcCluster: `s/${of}`,
}));

const unique = { selector: (one: object) => (one as { name: string }).name };

const deployment = fc
  .record({
    key,
    permits: fc.record({ force: fc.boolean(), explain: fc.boolean() }),
    stickyKey: fc.option(fc.record({ kind: fc.constantFrom("header", "cookie", "query"), name: stickyName }), {
      nil: undefined,
    }),
    predictors: fc.uniqueArray(predictor, { ...unique, minLength: 1, maxLength: 5 }),
    shadows: fc.uniqueArray(shadow, { ...unique, maxLength: 6 }),
  })
  .map(
    ({ stickyKey, ...rest }) =>
      ({ ...rest, ...(stickyKey === undefined ? {} : { stickyKey }) }) as unknown as TableDeployment,
  )
  .filter((one) => one.predictors.some((predictor) => predictor.weight > 0));

/** Any table that the format permits, with few names so that requests meet it. */
export const anyTable: fc.Arbitrary<RouteTable> = fc.record({
  role: fc.constantFrom("gateway", "gateway", "outbound", "inbound"),
  generation: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  deployments: fc.uniqueArray(deployment, { selector: (one) => one.key, maxLength: 5 }),
});

const bytes = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 40,
});
const query = fc
  .array(
    fc.tuple(
      fc.constantFrom("user", "a+b", "a%20b", "session", "%75ser", "z"),
      fc.constantFrom("1", "", "%41%zz%4", "a+b", "x=y"),
    ),
    { maxLength: 3 },
  )
  .map((pairs) => pairs.map(([one, value]) => `${one}=${value}`).join("&"));
const rest = fc.constantFrom(
  "/api/v1.0/predictions",
  "/api/v1.0/feedback",
  "/api/v0.1/feedback",
  "/api/v1.0/feedback/",
  "/",
  "",
  "//",
);
const restPath = fc
  .tuple(fc.oneof(key, bytes), rest, fc.option(query), fc.constantFrom("", "#f", "#a?user=2"))
  .map(([of, end, asked, fragment]) => `/seldon/${of}${end}${asked === null ? "" : `?${asked}`}${fragment}`);
const grpcPath = fc.constantFrom(
  "/seldon.protos.Seldon/Predict",
  "/seldon.protos.Seldon/SendFeedback",
  "/SendFeedback?x",
  "/seldon/a/b",
  "SendFeedback",
);
const forced = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "predictor=main",
        "predictor=canary",
        "predictor=nobody",
        " shadow=off\t",
        "shadow=on",
        "router=1",
        "r.x_1-=-1",
        "r=12345",
        "=1",
        "r=",
        "",
      ),
      bytes,
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(";"));
const cookies = fc
  .array(fc.constantFrom("user=7", " user = 8 ", "user=", "session=abc", "a b=1", "novalue", ";;", 'x-user="q"'), {
    maxLength: 4,
  })
  .map((parts) => parts.join(";"));

function header(
  of: string | fc.Arbitrary<string>,
  value: fc.Arbitrary<string>,
): fc.Arbitrary<readonly [string, string]> {
  return fc.tuple(typeof of === "string" ? fc.constant(of) : of, value);
}

const anyHeader = fc.oneof(
  header(":path", fc.oneof(restPath, grpcPath, bytes)),
  header("content-type", fc.constantFrom("application/grpc", "application/grpc+proto", "application/json", "")),
  header("seldon", fc.constantFrom("iris", "other", "name", "b", "")),
  header("namespace", fc.constantFrom("default", "ns", "a", "")),
  header("x-request-id", fc.oneof(bytes, fc.uuid(), fc.string({ minLength: 1000, maxLength: 1100 }))),
  header("cookie", cookies),
  header(fc.constantFrom("user", "x-user", "session"), bytes),
  header("x-graphway-force", forced),
  header("x-graphway-explain", fc.constantFrom("1", "")),
  header(
    fc
      .constantFrom(
        ...[
          "predictor",
          "route",
          "shadow",
          "cluster",
          "shadow-cluster-1",
          "shadow-cluster-9",
          "branch",
          "decision",
          "path",
          "routing",
        ],
        ...["timeout-ms", "timeout-msx", "", "anything-new"],
      )
      .map((end) => `x-graphway-${end}`),
    bytes,
  ),
  header("x-envoy-max-retries", fc.constant("5")),
  header(bytes, bytes),
);

/** Any headers, most of them about something that the filter looks at. */
export const anyHeaders: fc.Arbitrary<Headers> = fc
  .tuple(
    fc.option(header(":path", restPath), { freq: 8 }),
    fc.option(header("x-request-id", fc.uuid()), { freq: 3 }),
    fc.array(anyHeader, { maxLength: 10 }),
  )
  .map(([path, id, others]) => [path, id, ...others].filter((one) => one !== null));
