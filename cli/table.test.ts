import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { load } from "js-yaml";
import { encodeRouteTable } from "#proto/route-table/encode.ts";
import type { RouteTable } from "#proto/route-table/model.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "graphway-table-"));
});
after(() => {
  rmSync(folder, { recursive: true });
});

function graphway(...words: readonly string[]): {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], { encoding: "utf8" });
  return { code: status, out: stdout, errors: stderr };
}

function fileWith(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const deployments: RouteTable["deployments"] = [
  {
    key: "default/iris",
    permits: { force: [{ kind: "secret", sha256: "0f".repeat(32) }], explain: [] },
    stickyKeys: [{ kind: "cookie", name: "user", issue: { attributes: "; Path=/" } }],
    predictors: [{ name: "main", weight: 3, httpCluster: "h", grpcCluster: "g" }],
    rules: [
      {
        name: "team",
        conditions: [{ on: "header", name: "x-team", test: { kind: "exact", text: "blue" } }],
        percent: 50,
        predictors: [{ name: "main", weight: 1, httpCluster: "h", grpcCluster: "g" }],
      },
    ],
    shadows: [
      {
        name: "shadow",
        percent: 12.5,
        httpCluster: "sh",
        grpcCluster: "sg",
        conditions: [],
        beside: ["main"],
        maxBodyBytes: 1000,
      },
    ],
    maxTimeoutMs: 60000,
  },
];
const table = encodeRouteTable({ role: "gateway", generation: 0x1a2bn, deployments });
const expected = { role: "gateway", generation: "1a2b", deployments };

test("table dump prints bytes and base64, as YAML and JSON", () => {
  const yaml = graphway("table", "dump", fileWith("table", table));
  assert.deepEqual(load(yaml.out), expected);
  assert.equal(yaml.code, 0);
  const json = graphway("table", "dump", "--json", fileWith("table.txt", `${Buffer.from(table).toString("base64")}\n`));
  assert.deepEqual(JSON.parse(json.out), expected);
});

test("table dump says what is wrong with other bytes", () => {
  const other = graphway("table", "dump", fileWith("other", "not a table"));
  assert.equal(other.code, 1);
  assert.match(other.errors, /other: not a route table/);
  const newer = Uint8Array.from(table);
  newer[4] = 9;
  assert.match(graphway("table", "dump", fileWith("newer", newer)).errors, /format version 9, this program reads 2/);
});

test("table dump ends with 2 without a file, and for one that cannot be read", () => {
  assert.equal(graphway("table", "dump").code, 2);
  assert.equal(graphway("table", "print", "x").code, 2);
  assert.match(graphway("table", "dump", join(folder, "none")).errors, /cannot read .*none/);
});

test("table dump reads what render prints as bytes", () => {
  const manifest = fileURLToPath(new URL("../control-plane/testdata/shadow-all/in.yaml", import.meta.url));
  const render = [MAIN, "render", "-t", "filter-table", "-f", manifest];
  const bytes = spawnSync(process.execPath, [...render, "-o", "bytes"]).stdout;
  const rendered: unknown = JSON.parse(graphway(...render.slice(1), "-o", "json").out);
  for (const given of [bytes, bytes.toString("base64")]) {
    const dumped = graphway("table", "dump", "--json", fileWith("rendered", given));
    assert.deepEqual(JSON.parse(dumped.out), rendered, dumped.errors);
  }
});

test("table dump prints shares as they were written", () => {
  const [one] = deployments;
  const [shadow] = one?.shadows ?? [];
  assert.ok(one !== undefined && shadow !== undefined);
  for (const percent of [10, 0.1, 33.3, 0.000_001, 99.999]) {
    const bytes = encodeRouteTable({
      ...{ role: "gateway", generation: 1n },
      deployments: [{ ...one, shadows: [{ ...shadow, percent }] }],
    });
    const { out } = graphway("table", "dump", "--json", fileWith("share", bytes));
    const dumped = JSON.parse(out) as { readonly deployments: RouteTable["deployments"] };
    assert.equal(dumped.deployments[0]?.shadows[0]?.percent, percent);
  }
});
