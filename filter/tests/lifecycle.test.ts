import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyTable } from "#proto/route-table/any-table-for-tests.ts";
import { encodeRouteTable } from "#proto/route-table/encode.ts";
import { firstValue, type Headers } from "#proto/route-table/request.ts";
import { filterBytes } from "./host/filter-file.ts";
import { FilterHost } from "./host/host.ts";
import { encodePairs } from "./host/pairs.ts";
import { anyHeaders } from "./random-cases.ts";

const wasm = filterBytes();

function tableTo(predictor: string, deployments = 1, generation = 1n): Uint8Array {
  return encodeRouteTable({
    role: "gateway",
    generation,
    deployments: Array.from({ length: deployments }, (_, index) => ({
      key: `default/iris-${index}`,
      permits: { force: [], explain: [] },
      stickyKeys: [],
      rules: [],
      predictors: [
        { name: predictor, weight: 3, httpCluster: `${predictor}/http`, grpcCluster: `${predictor}/grpc` },
        { name: "off", weight: 0, httpCluster: "off/http", grpcCluster: "off/grpc" },
      ],
      shadows: [],
    })),
  });
}

function requestTo(index: number, id = "1"): Headers {
  return [
    [":path", `/seldon/default/iris-${index}/api/v1.0/predictions`],
    ["x-request-id", id],
  ];
}

const predictorOf = (host: FilterHost): string | undefined =>
  firstValue(host.request(requestTo(0)), "x-graphway-predictor");

test("before any table, and after an empty one, nothing is read or written", () => {
  const host = FilterHost.load(wasm);
  const before = host.hostCalls;
  assert.deepEqual(host.request(requestTo(0)), requestTo(0));
  assert.ok(host.configure(tableTo("main")));
  assert.equal(predictorOf(host), "main");
  assert.ok(host.configure(new Uint8Array()));
  assert.deepEqual(host.request([["x-graphway-cluster", "c"]]), [["x-graphway-cluster", "c"]]);
  assert.equal(host.hostCalls - before, 5, "one read of a table, one of headers, three writes");
});

test("the newest table is in force whichever root brings it, and a refused one changes nothing", () => {
  const host = FilterHost.load(wasm);
  assert.ok(host.configure(tableTo("a"), 1));
  assert.equal(predictorOf(host), "a");
  assert.ok(host.configure(tableTo("b"), 3));
  assert.equal(predictorOf(host), "b");
  const broken = tableTo("c");
  broken[broken.length - 1] = 0;
  assert.equal(host.configure(broken, 4), false);
  assert.equal(host.configure(new Uint8Array([1, 2, 3]), 5), false);
  assert.equal(predictorOf(host), "b");
  assert.ok(host.configure(tableTo("a", 1, 2n), 6));
  assert.equal(predictorOf(host), "a");
  assert.ok(!host.hasFailed);
});

test("a table rolled back is in force under its new generation, for streams of every root", () => {
  const host = FilterHost.load(wasm);
  const routeOf = (): string | undefined => firstValue(host.request(requestTo(0)), "x-graphway-route")?.split(".")[0];
  const pushes = [
    [tableTo("a", 1, 0xan), 1, "a", "a"],
    [tableTo("b", 1, 0xbn), 2, "b", "b"],
    [tableTo("a", 1, 0xcn), 3, "a", "c"],
  ] as const;
  for (const [table, root, predictor, generation] of pushes) {
    assert.ok(host.configure(table, root));
    assert.equal(predictorOf(host), predictor);
    assert.equal(routeOf(), generation);
  }
});

test("another format version is refused", () => {
  const table = tableTo("a");
  table[4] = 1;
  assert.equal(FilterHost.load(wasm).configure(table), false);
});

test("a thousand tables of many sizes leave memory as large as ten did", () => {
  const host = FilterHost.load(wasm);
  const sizes = [1, 10, 500, 1000, 3];
  const tables = sizes.map((size) => tableTo("main", size));
  const push = (times: number): void => {
    for (let round = 0; round < times; round++)
      assert.ok(host.configure(tables[round % tables.length] ?? new Uint8Array()));
  };
  push(10);
  const pages = host.memoryPages;
  push(1000);
  assert.equal(host.memoryPages, pages);
});

test("a thousand tables with everything in them, and requests between, leave memory as large as a hundred did", () => {
  const host = FilterHost.load(wasm);
  const tables = fc.sample(anyTable, { numRuns: 100, seed: 1 }).map(encodeRouteTable);
  const requests = fc.sample(anyHeaders, { numRuns: 100, seed: 2 }).map(encodePairs);
  host.isRecording = false;
  const run = (pushes: number): void => {
    for (let push = 0; push < pushes; push++) {
      assert.ok(host.configure(tables[push % tables.length] ?? new Uint8Array(), push));
      for (const one of requests) host.requestPairs(one);
    }
  };
  run(100);
  const pages = host.memoryPages;
  run(1000);
  assert.equal(host.memoryPages, pages);
});

test("a million requests leave memory as it was", { timeout: 170_000 }, () => {
  const host = FilterHost.load(wasm);
  assert.ok(host.configure(tableTo("main", 1000)));
  const others = Array.from({ length: 15 }, (_, index) => [`header-${index}`, "some value of a header"] as const);
  const pairs = Array.from({ length: 16 }, (_, index) =>
    encodePairs([...requestTo(index * 7, `id-${index}`), ...others]),
  );
  host.isRecording = false;
  for (const one of pairs) host.requestPairs(one);
  const [pages, calls] = [host.memoryPages, host.hostCalls];
  for (let round = 0; round < 1_000_000; round++) host.requestPairs(pairs[round & 15] ?? new Uint8Array());
  assert.equal(host.memoryPages, pages);
  assert.equal(host.hostCalls - calls, 4_000_000, "one read and three writes each");
});

test("headers larger than the static memory are read, and their memory is given back", () => {
  const host = FilterHost.load(wasm);
  assert.ok(host.configure(tableTo("main")));
  const large = (size: number): Headers => [["filler", "x".repeat(size)], ...requestTo(0)];
  for (let round = 0; round < 3; round++) assert.equal(host.request(large(900_000)).length, 6);
  const pages = host.memoryPages;
  for (let round = 0; round < 100; round++) assert.equal(host.request(large(70_000 + round * 5000)).length, 6);
  assert.equal(host.memoryPages, pages);
  assert.deepEqual(host.request(large(1_100_000)), large(1_100_000));
  assert.equal(predictorOf(host), "main");
});
