import fc from "fast-check";
import {
  CLAIM_HEADERS,
  CLAIM_VALUES,
  DEPLOYMENT_KEYS,
  FIELD_NAMES,
  FIELD_TEXTS,
  SECRETS,
} from "#proto/route-table/any-table-for-tests.ts";
import type { Headers } from "#proto/route-table/request.ts";

const key = fc.constantFrom(...DEPLOYMENT_KEYS);
const field = fc.constantFrom(...FIELD_NAMES);
const fieldText = fc.constantFrom(...FIELD_TEXTS);

const bytes = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 40,
});
const query = fc
  .array(
    fc.tuple(
      fc.constantFrom("user", "a+b", "a%20b", "session", "%75ser", "z"),
      fc.constantFrom("1", "", "%41%zz%4", "a+b", "x=y", "ann", "x".repeat(1030)),
    ),
    { maxLength: 3 },
  )
  .map((pairs) => pairs.map(([one, value]) => `${one}=${value}`).join("&"));
const rest = fc.constantFrom(
  ...Array<string>(6).fill("/api/v1.0/predictions"),
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
  ...Array<string>(5).fill("/seldon.protos.Seldon/Predict"),
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
  .array(
    fc.constantFrom(
      "user=7",
      " user = 8 ",
      "user=",
      "session=abc",
      "a b=1",
      "user=ann",
      "session=x=y",
      "novalue",
      ";;",
      'x-user="q"',
    ),
    {
      maxLength: 4,
    },
  )
  .map((parts) => parts.join(";"));

const digits = fc.string({ unit: fc.integer({ min: 0, max: 9 }).map(String), maxLength: 25 });
const timeouts = fc.oneof(
  fc
    .tuple(
      fc.oneof(digits, fc.constantFrom("1", "250", "5000", "0", "00")),
      fc.constantFrom("H", "M", "S", "m", "u", "n", "x", ""),
    )
    .map((parts) => parts.join("")),
  bytes,
);
const hosts = fc
  .tuple(
    fc.constantFrom("model", "a.b", "", "[::1]"),
    fc.constantFrom("-shadow", "-Shadow", "-shadow-shadow", ""),
    fc.constantFrom("", ":80", ":", ":8a", "80"),
  )
  .map((parts) => parts.join(""));

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
  header(field, fc.oneof(fieldText, bytes)),
  header(
    "x-graphway-force",
    fc.oneof(
      forced,
      fc.constantFrom("router=1", "predictor=main;r.x=-1;shadow=off", "predictor=a", "predictor=b; r=0"),
    ),
  ),
  header("x-graphway-force", fc.constantFrom("predictor=canary", "predictor=x;eg-router=1;other=0")),
  header("x-graphway-explain", fc.constantFrom("1", "")),
  header("x-graphway-secret", fc.oneof(fc.constantFrom(...SECRETS, "", "x".repeat(257)), bytes)),
  header(fc.constantFrom(...CLAIM_HEADERS), fc.constantFrom(...CLAIM_VALUES, "guest")),
  header(fc.constantFrom("x-graphway-timeout-ms", "grpc-timeout"), timeouts),
  header(
    "content-length",
    fc.oneof(
      fc.constantFrom("0", "1", "1000", "1001", "007", "4294967294", "4294967295", "10", "11", "1e3", "-1", ""),
      digits,
    ),
  ),
  header(":method", fc.constantFrom("POST", "GET", "PO")),
  header(":authority", fc.oneof(hosts, bytes)),
  header("x-forwarded-client-cert", fc.constantFrom("", "By=spiffe://a")),
  header("x-graphway-shadow", fc.constantFrom("1", "")),
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

const restCall = restPath.map((path): Headers => [[":path", path]]);
const grpcCall = fc.tuple(grpcPath, key).map(([path, of]): Headers => {
  const [namespace = "", name = ""] = of.split("/");
  return [
    [":path", path],
    ["content-type", "application/grpc"],
    ["namespace", namespace],
    ["seldon", name],
  ];
});
const noCall = fc.constant<Headers>([]);

/** Any headers, most of them about something that the filter looks at. */
export const anyHeaders: fc.Arbitrary<Headers> = fc
  .tuple(
    fc.oneof({ weight: 6, arbitrary: restCall }, { weight: 2, arbitrary: grpcCall }, { weight: 1, arbitrary: noCall }),
    fc.option(header("x-request-id", fc.uuid()), { freq: 3 }),
    fc.array(anyHeader, { maxLength: 12 }),
  )
  .map(([call, id, others]) => [...call, ...(id === null ? [] : [id]), ...others]);

/** The first of some headers, as many as a host hands over: a megabyte. */
function upToMegabyte(headers: Headers): Headers {
  let left = 1_000_000;
  return headers.filter(([name, value]) => (left -= name.length + value.length + 10) > 0);
}

/** Headers of a client that means harm: a thousand of them, very long, repeated, and none as it should be. */
export const hostileHeaders: fc.Arbitrary<Headers> = fc
  .tuple(
    anyHeaders,
    fc.array(anyHeader, { minLength: 1, maxLength: 12 }),
    fc.integer({ min: 1, max: 1000 }),
    fc.nat(70_000),
  )
  .map(([usual, repeated, count, length]) => {
    const many = Array.from({ length: count }, (_, index): Headers[number] => {
      const [name, value] = repeated[index % repeated.length] ?? ["x", ""];
      return [name, index % 97 === 3 ? value.repeat(length / (value.length + 1)) : value];
    });
    return upToMegabyte([...many.slice(usual.length), ...usual]);
  });
