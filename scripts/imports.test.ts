import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findCycles, projectRoot, readImportGraph } from "./import-graph.ts";
import { findForbidden, ROOM_NAMES, roomOf } from "./import-rules.ts";

const LEAST_MODULES = 360;
const LEAST_EDGES = 1180;

describe("the project's imports", () => {
  const graph = readImportGraph(projectRoot);

  it("were all seen, in every room", () => {
    assert.ok(graph.modules.length >= LEAST_MODULES, `${graph.modules.length} modules`);
    assert.ok(graph.edges.length >= LEAST_EDGES, `${graph.edges.length} imports`);
    const seen = new Set([...graph.modules, ...graph.edges.map(({ to }) => to)].map(roomOf));
    assert.deepEqual([...seen].sort(), [...ROOM_NAMES].sort());
    assert.deepEqual(graph.unresolved, []);
  });

  it("point one way", () => {
    assert.deepEqual(findForbidden(graph.edges), []);
  });

  it("make no cycle", () => {
    assert.deepEqual(
      findCycles(graph.edges).map((cycle) => cycle.join(" -> ")),
      [],
    );
  });
});

describe("the rules of imports", () => {
  const forbidden: readonly (readonly [from: string, to: string])[] = [
    ["control-plane/src/render/xds/a.ts", "control-plane/src/model/model.ts"],
    ["control-plane/src/plan/a.ts", "control-plane/src/render/xds/a.ts"],
    ["control-plane/src/problem/a.ts", "control-plane/src/model/a.ts"],
    ["control-plane/src/source/a.ts", "control-plane/src/model/a.ts"],
    ["control-plane/src/deliver/a.ts", "control-plane/src/app/a.ts"],
    ["control-plane/src/app/a.ts", "cli/a.ts"],
    ["control-plane/src/app/a.ts", "control-plane/src/app/a.test.ts"],
    ["orchestrator/src/a.ts", "control-plane/src/plan/a.ts"],
    ["orchestrator/src/a.ts", "orchestrator/bench/a.ts"],
    ["orchestrator/src/graph/a.ts", "orchestrator/src/execute/a.ts"],
    ["orchestrator/src/node/a.ts", "orchestrator/src/walk/a.ts"],
    ["orchestrator/src/execute/a.ts", "orchestrator/src/app.ts"],
    ["orchestrator/src/node/a.test.ts", "control-plane/src/plan/a.ts"],
    ["orchestrator/src/a.test.ts", "control-plane/src/plan/a.ts"],
    ["orchestrator/bench/a.ts", "control-plane/src/plan/a.ts"],
    ["proto/a.ts", "orchestrator/src/a.ts"],
    ["proto/vocabulary/a.ts", "proto/a.ts"],
    ["filter/assembly/a.ts", "proto/route-table/a.ts"],
    ["filter/tests/a.test.ts", "control-plane/src/render/a.ts"],
    ["cli/a.ts", "orchestrator/src/a.ts"],
    ["examples/iris/a.ts", "control-plane/src/app/a.ts"],
  ];
  for (const [from, to] of forbidden) {
    it(`forbid ${from} -> ${to}`, () => {
      assert.equal(findForbidden([{ from, to }]).length, 1);
    });
  }

  it("allow what the house is built on", () => {
    const edges = [
      { from: "control-plane/src/app/a.ts", to: "control-plane/src/deliver/a.ts" },
      { from: "control-plane/src/render/a.ts", to: "build/proto/a.js" },
      { from: "control-plane/src/render/a.test.ts", to: "control-plane/src/model/a.ts" },
      { from: "filter/assembly/a.ts", to: "proto/vocabulary/a.ts" },
      { from: "cli/a.ts", to: "control-plane/src/app/a.ts" },
      { from: "orchestrator/src/walk/a.ts", to: "orchestrator/src/node/a.ts" },
      { from: "orchestrator/src/node/a.test.ts", to: "orchestrator/tests/a.ts" },
      { from: "orchestrator/bench/a.ts", to: "orchestrator/tests/a.ts" },
    ];
    assert.deepEqual(findForbidden(edges), []);
  });

  it("find a cycle, also one that is reached from outside", () => {
    const edge = (from: string, to: string) => ({ from, to });
    const edges = [edge("a", "b"), edge("b", "c"), edge("c", "b"), edge("a", "d"), edge("d", "c")];
    assert.deepEqual(findCycles(edges), [["b", "c", "b"]]);
    assert.deepEqual(findCycles([edge("a", "b"), edge("a", "c"), edge("b", "c")]), []);
  });
});
