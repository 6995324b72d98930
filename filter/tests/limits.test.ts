import assert from "node:assert/strict";
import { test } from "node:test";
import { applyDecision, decide, randomFrom } from "#proto/route-table/decide.ts";
import { encodeRouteTable } from "#proto/route-table/encode.ts";
import type { RouteTable, TableDeployment } from "#proto/route-table/model.ts";
import { firstValue, type Headers } from "#proto/route-table/request.ts";
import { MAX_ANSWER_HEADER_BYTES, MAX_STICKY_KEY_BYTES } from "#proto/vocabulary/limits.ts";
import { MAX_FORCE_BYTES, MAX_TARGETS_PER_DEPLOYMENT } from "#proto/vocabulary/table-layout.ts";
import { drawFor } from "#proto/vocabulary/split.ts";
import { hashText, percentOf, seedsOf } from "#proto/route-table/hashes.ts";
import { filterBytes } from "./host/filter-file.ts";
import { FilterHost } from "./host/host.ts";
import { encodePairs } from "./host/pairs.ts";

const wasm = filterBytes();
const both = { httpCluster: "http", grpcCluster: "grpc" };

function tableOf(parts: Partial<TableDeployment>, key = "default/iris"): RouteTable {
  const predictors = [
    { name: "a", weight: 1, ...both },
    { name: "b", weight: 1, ...both },
  ];
  const deployment = { key, permits: { force: true, explain: true }, predictors, shadows: [], ...parts };
  return { role: "gateway", generation: 1n, deployments: [deployment] };
}

/** The headers after the compiled filter, which must be those of the specification. */
function run(table: RouteTable, headers: Headers): Headers {
  const host = FilterHost.load(wasm, 1);
  assert.ok(host.configure(encodeRouteTable(table)));
  const after = host.request(headers);
  assert.deepEqual(after, applyDecision(headers, decide(table, headers, randomFrom(1))));
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
    const table = tableOf({ stickyKey: { kind, name: "user" } });
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
  const seeds = seedsOf("shadow", "default/iris", "shadow");
  const draw = drawFor(hashText("1"), seeds.a, seeds.b);
  const copies = (lastDraw: number): boolean => {
    const shadows = [{ name: "shadow", percent: percentOf(lastDraw), httpCluster: "copy", grpcCluster: "copy" }];
    return firstValue(run(tableOf({ shadows }), toIris), "x-graphway-shadow-cluster-1") === "copy";
  };
  assert.ok(copies(draw));
  assert.ok(!copies(draw - 1));
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
