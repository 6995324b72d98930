// What a decision costs in V8, without Envoy: `node --no-liftoff filter/tests/bench/decide.ts [--other <tree>]`. The host only hands over
// and counts, so the figure is the filter's own work and its crossings. Rounds of all rows alternate; the minimum of each is printed.
// `--other` names another version of this project, built: the rows that it has too are measured beside, each with its own encoder.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { encodeRouteTable } from "#proto/route-table/encode.ts";
import type { RouteTable, TableDeployment } from "#proto/route-table/model.ts";
import { FILTER_PATH } from "../host/filter-file.ts";
import { encodePairs } from "../host/pairs.ts";
import { loadBare } from "./bare-host.ts";

const REQUESTS = 20_000;
const ROUNDS = 60;
const SECRET = "correct horse battery staple";

interface Row {
  readonly name: string;
  readonly table: RouteTable;
  readonly requests: readonly Uint8Array[];
  /** True for what any version of the filter does. */
  readonly isBasic: boolean;
}

type Encode = (table: RouteTable) => Uint8Array;
type Header = readonly [name: string, value: string];

function tableOf(deployments: number, predictors: number, parts: Partial<TableDeployment> = {}): RouteTable {
  return {
    role: "gateway",
    generation: 1n,
    deployments: Array.from({ length: deployments }, (_, index) => ({
      key: `default/model-${index}`,
      permits: { force: [], explain: [] },
      stickyKeys: [],
      predictors: predictorsOf(index, predictors),
      rules: [],
      shadows: [],
      ...parts,
    })),
  };
}

function predictorsOf(deployment: number, count: number): TableDeployment["predictors"] {
  return Array.from({ length: count }, (_, one) => ({
    name: `predictor-${one}`,
    weight: one + 1,
    httpCluster: `http-${deployment}-${one}`,
    grpcCluster: `grpc-${deployment}-${one}`,
  }));
}

function requestsTo(deployments: number, prefix: string, more: readonly Header[] = []): readonly Uint8Array[] {
  const others = Array.from({ length: 16 - more.length }, (_, index) => [`header-${index}`, "some value"] as const);
  return Array.from({ length: 64 }, (_, index) =>
    encodePairs([
      [":path", `${prefix}/default/model-${(index * 7919) % deployments}/api/v1.0/predictions`],
      ["x-request-id", `5de5c391-f21a-31f7-a20a-71c00f8${String(index).padStart(5, "0")}`],
      ...more,
      ...others,
    ]),
  );
}

const ruleOn = (name: string, text: string): TableDeployment["rules"][number] => ({
  name: text,
  conditions: [{ on: "header", name, test: { kind: "exact", text } }],
  percent: 100,
  predictors: predictorsOf(0, 2),
});
const rules = Array.from({ length: 8 }, (_, index) => ruleOn("x-segment", `segment-${index}`));
const issued = { kind: "cookie", name: "graphway-split", issue: { attributes: "; Path=/; Max-Age=86400" } } as const;
const secret = { kind: "secret", sha256: createHash("sha256").update(SECRET).digest("hex") } as const;
const shadows = Array.from({ length: 2 }, (_, index) => ({
  name: `shadow-${index}`,
  percent: 100,
  conditions: [],
  beside: [],
  httpCluster: `shadow-${index}`,
  grpcCluster: `shadow-${index}`,
}));

/** A row of 1,000 deployments of two predictors each, with something that only this version has. */
function rowWith(name: string, parts: Partial<TableDeployment>, more: readonly Header[] = []): Row {
  return { name, table: tableOf(1000, 2, parts), requests: requestsTo(1000, "/seldon", more), isBasic: false };
}

const rows: readonly Row[] = [
  {
    name: "inbound (one read, no decision)",
    table: { role: "inbound", generation: 1n, deployments: [] },
    requests: requestsTo(1, "/other"),
    isBasic: true,
  },
  {
    name: "1,000 deployments, another path",
    table: tableOf(1000, 2),
    requests: requestsTo(1000, "/other"),
    isBasic: true,
  },
  ...[10, 1000, 10_000].map((count) => ({
    name: `${count} deployments, 2 predictors`,
    table: tableOf(count, 2),
    requests: requestsTo(count, "/seldon"),
    isBasic: true,
  })),
  {
    name: "1000 deployments, 5 predictors",
    table: tableOf(1000, 5),
    requests: requestsTo(1000, "/seldon"),
    isBasic: true,
  },
  rowWith("a rule, taken", { rules: rules.slice(0, 1) }, [["x-segment", "segment-0"]]),
  rowWith("8 rules, the last taken", { rules }, [["x-segment", "segment-7"]]),
  rowWith("8 rules, none taken", { rules }),
  rowWith("a sticky header", { stickyKeys: [{ kind: "header", name: "x-user" }] }, [["x-user", "someone"]]),
  rowWith("a cookie, brought", { stickyKeys: [issued] }, [["cookie", "a=b; graphway-split=0123456789abcdef"]]),
  rowWith("a cookie, issued", { stickyKeys: [issued] }),
  rowWith("2 shadows", { shadows }),
  rowWith("a deadline", { maxTimeoutMs: 5000 }),
  rowWith("explained to a secret", { permits: { force: [], explain: [secret] } }, [
    ["x-graphway-explain", "1"],
    ["x-graphway-secret", SECRET],
  ]),
];

function nanosecondsOf(request: (pairs: Uint8Array) => void, requests: readonly Uint8Array[]): number {
  const before = process.cpuUsage();
  for (let index = 0; index < REQUESTS; index++) request(requests[index & 63] ?? new Uint8Array());
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / REQUESTS;
}

interface Bench {
  readonly row: Row;
  readonly run: () => number;
  best: number;
}

function benchesOf(path: string, encode: Encode, which: readonly Row[]): readonly Bench[] {
  const wasm = new Uint8Array(readFileSync(path));
  return which.map((row) => {
    const request = loadBare(wasm, encode(row.table));
    return { row, run: () => nanosecondsOf(request, row.requests), best: Infinity };
  });
}

async function benchesOfTree(tree: string): Promise<readonly Bench[]> {
  const encoder = (await import(resolve(tree, "proto/route-table/encode.ts"))) as { encodeRouteTable: Encode };
  const path = join(tree, "build/filter/filter.wasm");
  return benchesOf(
    path,
    encoder.encodeRouteTable,
    rows.filter((row) => row.isBasic),
  );
}

const { values } = parseArgs({ options: { other: { type: "string" } } });
const mine = benchesOf(FILTER_PATH, encodeRouteTable, rows);
const others = values.other === undefined ? [] : await benchesOfTree(values.other);
const paired = mine.flatMap((one) => [one, ...others.filter((other) => other.row === one.row)]);

for (let round = 0; round < ROUNDS; round++) {
  const order = round % 2 === 0 ? paired : paired.toReversed();
  for (const bench of order) bench.best = Math.min(bench.best, bench.run());
}
for (const { row, best } of mine) {
  const other = others.find((one) => one.row === row);
  const beside =
    other === undefined
      ? ""
      : `  other ${other.best.toFixed(0).padStart(5)} ns  ratio ${(best / other.best).toFixed(2)}`;
  console.log(`${row.name.padEnd(36)} ${best.toFixed(0).padStart(6)} ns per request${beside}`);
}
