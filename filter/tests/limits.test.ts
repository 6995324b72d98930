import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { applyDecision, decide, randomFrom } from "#proto/route-table/decide.ts";
import { encodeRouteTable } from "#proto/route-table/encode.ts";
import type { RouteTable, TableDeployment, TableShadow } from "#proto/route-table/model.ts";
import { firstValue, type Headers } from "#proto/route-table/request.ts";
import { MAX_ANSWER_HEADER_BYTES, MAX_STICKY_KEY_BYTES } from "#proto/vocabulary/limits.ts";
import {
  MAX_CONDITIONS,
  MAX_FORCE_BYTES,
  MAX_RULES_PER_DEPLOYMENT,
  MAX_SECRET_BYTES,
  MAX_TARGETS_PER_DEPLOYMENT,
} from "#proto/vocabulary/table-layout.ts";
import { drawFor } from "#proto/vocabulary/split.ts";
import { hashText, percentOf, ruleSeeds, shadowSeeds } from "#proto/route-table/hashes.ts";
import { filterBytes } from "./host/filter-file.ts";
import { FilterHost } from "./host/host.ts";
import { encodePairs } from "./host/pairs.ts";

const wasm = filterBytes();
const both = { httpCluster: "http", grpcCluster: "grpc" };
const anyone = [{ kind: "anyone" }] as const;
const nothingElse = { stickyKeys: [], rules: [], shadows: [] } as const;

function tableOf(parts: Partial<TableDeployment>, key = "default/iris"): RouteTable {
  const predictors = [
    { name: "a", weight: 1, ...both },
    { name: "b", weight: 1, ...both },
  ];
  const deployment = { key, permits: { force: anyone, explain: anyone }, ...nothingElse, predictors, ...parts };
  return { role: "gateway", generation: 1n, deployments: [deployment] };
}

function shadowOf(name: string, parts: Partial<TableShadow> = {}): TableShadow {
  return { name, percent: 100, conditions: [], beside: [], httpCluster: name, grpcCluster: name, ...parts };
}

/** The headers after the compiled filter, which must be those of the specification. */
function run(table: RouteTable, headers: Headers, isEnd = false): Headers {
  const host = FilterHost.load(wasm, 1);
  assert.ok(host.configure(encodeRouteTable(table)));
  const after = host.request(headers, isEnd);
  assert.deepEqual(after, applyDecision(headers, decide(table, headers, randomFrom(1), isEnd)));
  return after;
}

const toIris: Headers = [
  [":path", "/seldon/default/iris/x"],
  ["x-request-id", "1"],
];

test("the most predictors there can be: the decision is cut at its limit", () => {
  const predictors = Array.from({ length: MAX_TARGETS_PER_DEPLOYMENT }, (_, index) => {
    return { name: `predictor-with-a-rather-long-name-${index}`, weight: index * 3900, ...both };
  });
  const after = run(tableOf({ predictors }), [...toIris, ["x-graphway-explain", "1"]]);
  assert.equal(firstValue(after, "x-graphway-decision")?.length, MAX_ANSWER_HEADER_BYTES);
});

test("of a long sticky key only the first bytes count, however it comes", () => {
  const long = "k".repeat(MAX_STICKY_KEY_BYTES);
  for (const kind of ["header", "cookie", "query"] as const) {
    const table = tableOf({ stickyKeys: [{ kind, name: "user" }] });
    const withKey = (key: string): Headers => [
      [":path", `/seldon/default/iris/x?user=${kind === "query" ? key : ""}`],
      ["x-request-id", "1"],
      ["user", kind === "header" ? key : ""],
      ["cookie", kind === "cookie" ? `user=${key}` : ""],
    ];
    const tokenOf = (key: string): string | undefined => firstValue(run(table, withKey(key)), "x-graphway-route");
    assert.match(tokenOf(long) ?? "", /^1\.s\./);
    assert.equal(tokenOf(long), tokenOf(`${long}more`));
    assert.notEqual(tokenOf(long), tokenOf(long.slice(1)));
  }
});

test("a force header of the longest length is obeyed, a longer one ignored", () => {
  const fill = "n".repeat(MAX_FORCE_BYTES - "predictor=b;=1".length);
  const forced = (text: string): string | undefined => {
    return firstValue(run(tableOf({}), [...toIris, ["x-graphway-force", text]]), "x-graphway-branch");
  };
  assert.equal(forced(`predictor=b;${fill}=1`), `${fill}=1`);
  assert.equal(forced(`predictor=b;${fill}n=1`), undefined);
});

test("as many branches as fit are passed on", () => {
  const branches = Array.from({ length: MAX_FORCE_BYTES / 4 }, () => "n=1").join(";");
  const after = run(tableOf({}), [...toIris, ["x-graphway-force", branches]]);
  assert.equal(firstValue(after, "x-graphway-branch"), branches);
});

test("keys of the longest length are found by path and by metadata", () => {
  const [namespace, name] = ["n".repeat(511), "d".repeat(512)];
  const table = tableOf({}, `${namespace}/${name}`);
  const byPath = (end: string): Headers => [[":path", `/seldon/${namespace}/${name}${end}/x`], ...toIris.slice(1)];
  const byMetadata = (end: string): Headers => [
    [":path", "/m"],
    ["content-type", "application/grpc"],
    ["namespace", namespace],
    ["seldon", `${name}${end}`],
    ...toIris.slice(1),
  ];
  for (const headersOf of [byPath, byMetadata]) {
    assert.notEqual(firstValue(run(table, headersOf("")), "x-graphway-predictor"), undefined);
    assert.equal(firstValue(run(table, headersOf("d")), "x-graphway-predictor"), undefined);
  }
});

test("a hundred forged headers are all removed", () => {
  const forged = Array.from({ length: 100 }, (_, index) => [`x-graphway-forged-${index}`, "1"] as const);
  assert.ok(!run(tableOf({}), [...toIris, ...forged]).some(([name]) => name.includes("forged")));
});

test("the last draw of a shadow's sample is in it, the next is not", () => {
  const seeds = shadowSeeds("default/iris", "shadow");
  const draw = drawFor(hashText("1"), seeds.a, seeds.b);
  const copies = (lastDraw: number): boolean => {
    const shadow = shadowOf("shadow", { percent: percentOf(lastDraw) });
    return firstValue(run(tableOf({ shadows: [shadow] }), toIris), "x-graphway-shadow-cluster-1") === "shadow";
  };
  assert.ok(copies(draw));
  assert.ok(!copies(draw - 1));
});

test("the draw of a rule's share is in it, the next is not", () => {
  const seeds = ruleSeeds("default/iris", "rule");
  const draw = drawFor(hashText("1"), seeds.a, seeds.b);
  const takes = (lastDraw: number): boolean => {
    const predictors = [{ name: "taken", weight: 1, ...both }];
    const rule = { name: "rule", conditions: [], percent: percentOf(lastDraw), predictors };
    return firstValue(run(tableOf({ rules: [rule] }), toIris), "x-graphway-predictor") === "taken";
  };
  assert.ok(takes(draw));
  assert.ok(!takes(draw - 1));
});

test("the most rules with the most conditions there can be: the last is found", () => {
  const condition = { on: "header", name: "x-segment", test: { kind: "contains", text: "b" } } as const;
  const rules = Array.from({ length: MAX_RULES_PER_DEPLOYMENT }, (_, index) => ({
    name: `rule-${index}`,
    conditions: Array.from({ length: MAX_CONDITIONS }, () =>
      index < MAX_RULES_PER_DEPLOYMENT - 1 ? { ...condition, test: { kind: "exact" as const, text: "b" } } : condition,
    ),
    percent: 100,
    predictors: [{ name: "taken", weight: 1, ...both }],
  }));
  const after = run(tableOf({ rules }), [...toIris, ["x-segment", "aab"]]);
  assert.match(firstValue(after, "x-graphway-route") ?? "", /^1\.i64\.[0-9a-f]{3}$/);
});

test("the most shadows there can be: four of them, in order of names, get a copy", () => {
  const shadows = Array.from({ length: MAX_TARGETS_PER_DEPLOYMENT }, (_, index) =>
    shadowOf(`shadow-${index}`, { beside: index % 2 === 0 ? [] : ["nobody"] }),
  );
  const copies = run(tableOf({ shadows }), toIris).filter(([name]) => name.startsWith("x-graphway-shadow-cluster-"));
  assert.deepEqual(
    copies.map(([, value]) => value),
    ["shadow-0", "shadow-10", "shadow-100", "shadow-102"],
  );
});

test("a shadow with a limit gets what is surely not larger", () => {
  const table = tableOf({ shadows: [shadowOf("shadow", { maxBodyBytes: 1000 })] });
  const isCopied = (said: readonly string[], isEnd = false): boolean => {
    const headers: Headers = [...toIris, ...said.map((one) => ["content-length", one] as const)];
    return firstValue(run(table, headers, isEnd), "x-graphway-shadow-cluster-1") !== undefined;
  };
  assert.deepEqual(
    ["0", "1000", "0001000", "1001", "99999999999999999999999", "4294967296", "", "-1", "1e2", " 1"].map((one) =>
      isCopied([one]),
    ),
    [true, true, true, false, false, false, false, false, false, false],
  );
  assert.ok(!isCopied([]), "of unknown length");
  assert.ok(isCopied([], true), "without a body");
});

test("secrets of every length are hashed as SHA-256 does", () => {
  for (let length = 1; length <= MAX_SECRET_BYTES + 1; length++) {
    const secret = Array.from({ length }, (_, index) => String.fromCharCode(32 + ((index * 7 + length) % 220))).join(
      "",
    );
    const sha256 = createHash("sha256").update(secret, "latin1").digest("hex");
    const table = tableOf({ permits: { force: [{ kind: "secret", sha256 }], explain: [] } });
    const forced = (shown: string): boolean => {
      const headers: Headers = [...toIris, ["x-graphway-force", "n=1"], ["x-graphway-secret", shown]];
      return firstValue(run(table, headers), "x-graphway-branch") === "n=1";
    };
    assert.equal(forced(secret), length <= MAX_SECRET_BYTES, `${length} bytes`);
    assert.ok(!forced(`${secret.slice(0, -1)}\x01`), `${length} bytes, the last one wrong`);
  }
});

test("a cookie's longest name and attributes are written whole", () => {
  const [name, attributes] = ["n".repeat(1024), `; Path=/${"p".repeat(1016)}`];
  const table = tableOf({ stickyKeys: [{ kind: "cookie", name, issue: { attributes } }] });
  const cookie = firstValue(run(table, toIris), "x-graphway-set-cookie") ?? "";
  assert.match(cookie.slice(1025, 1041), /^[0-9a-f]{16}$/);
  assert.equal(cookie.slice(1041), attributes);
  const back: Headers = [...toIris, ["cookie", cookie.slice(0, 1041)]];
  assert.equal(
    firstValue(run(table, back), "x-graphway-route"),
    firstValue(run(table, toIris), "x-graphway-route"),
    "whoever brings it back is sent to where it was issued",
  );
});

test("the longest timeouts become the longest deadline", () => {
  const table = tableOf({ maxTimeoutMs: 0xffffffff });
  const grpc: Headers = [
    [":path", "/m"],
    ["content-type", "application/grpc"],
    ["namespace", "default"],
    ["seldon", "iris"],
  ];
  const deadline = (said: string): string | undefined =>
    firstValue(run(table, [...grpc, ["grpc-timeout", said]]), "grpc-timeout");
  assert.equal(deadline("99999999H"), "99999999m");
  assert.equal(deadline("99999999n"), "100m");
  assert.equal(deadline("1n"), "1m");
  assert.equal(deadline("100000000m"), "99999999m", "nine digits say nothing");
  assert.equal(firstValue(run(table, toIris), "x-graphway-timeout-ms"), "99999999");
});

test("a header map that is cut off anywhere is left alone", () => {
  const host = FilterHost.load(wasm, 1);
  assert.ok(host.configure(encodeRouteTable(tableOf({}))));
  const pairs = encodePairs([...toIris, ["x-graphway-cluster", "evil"]]);
  for (let length = 0; length < pairs.length; length++) {
    host.requestPairs(pairs.slice(0, length));
    assert.deepEqual(host.writes, [], `cut to ${length} bytes`);
  }
  host.requestPairs(pairs);
  assert.equal(host.writes.length, 4);
});
