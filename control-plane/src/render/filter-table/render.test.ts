import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_TABLE_BYTES, MAX_WEIGHT } from "#proto/vocabulary/limits.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { readRouteTable } from "./read.ts";
import { planRouteTable, renderFilterTable } from "./render.ts";

type Traffic = Pick<DeploymentPlan, "split" | "shadows"> & Partial<Pick<DeploymentPlan, "sticky" | "permits">>;

function planOf(key: string, traffic: Partial<Traffic> = {}): DeploymentPlan {
  const [namespace = "", name = ""] = key.split("/");
  return {
    key,
    namespace,
    name,
    seldonId: name,
    protocol: "seldon",
    transport: "rest",
    hosts: ["*"],
    gateways: [],
    predictors: [],
    split: [{ predictor: "main", weight: 100 }],
    shadows: [],
    rules: [],
    fallback: [],
    permits: { force: [], explain: [] },
    workloads: { pods: [], services: [] },
    ...traffic,
  };
}

const options = {
  role: "gateway",
  generation: 5n,
  clusters: (plan: DeploymentPlan, predictor: string, transport: string) => `${plan.key}/${predictor}/${transport}`,
} as const;

test("a table says what the plans say, by key, with header names in lower case", () => {
  const iris = planOf("default/iris", {
    split: [
      { predictor: "main", weight: 75 },
      { predictor: "canary", weight: 25 },
    ],
    shadows: [{ predictor: "shadow", percent: 12.5 }],
    sticky: { keys: [{ kind: "header", name: "X-User" }] },
    permits: { force: [{ kind: "anyone" }], explain: [] },
  });
  const { value, problems } = renderFilterTable([iris, planOf("a/b")], options);
  assert.deepEqual(problems, []);
  const table = readRouteTable(value).value;
  assert.equal(table?.generation, 5n);
  assert.deepEqual(table.deployments[1], {
    key: "default/iris",
    permits: { force: true, explain: false },
    stickyKey: { kind: "header", name: "x-user" },
    predictors: [
      { name: "canary", weight: 25, httpCluster: "default/iris/canary/http", grpcCluster: "default/iris/canary/grpc" },
      { name: "main", weight: 75, httpCluster: "default/iris/main/http", grpcCluster: "default/iris/main/grpc" },
    ],
    shadows: [
      {
        name: "shadow",
        percent: 12.5,
        httpCluster: "default/iris/shadow/http",
        grpcCluster: "default/iris/shadow/grpc",
      },
    ],
  });
});

test("the order of the plans does not matter", () => {
  const plans = ["z/z", "a/b", "a/a"].map((key) => planOf(key));
  assert.deepEqual(renderFilterTable(plans, options), renderFilterTable([...plans].reverse(), options));
});

test("one plan that cannot stand in a table is left out with a problem; its neighbours stay", () => {
  const unfit: readonly (readonly [Partial<Traffic>, RegExp])[] = [
    [{ split: [{ predictor: "main", weight: 0 }] }, /positive weight/],
    [{ split: [] }, /positive weight/],
    [{ split: [{ predictor: "main", weight: MAX_WEIGHT + 1 }] }, /weight 1000001 of main/],
    [{ split: [{ predictor: "main", weight: 1.5 }] }, /weight 1.5 of main/],
    [{ shadows: [{ predictor: "s", percent: 0 }] }, /share 0 of shadow s/],
    [{ shadows: [{ predictor: "s", percent: NaN }] }, /share NaN of shadow s/],
    [{ split: [{ predictor: "a b", weight: 1 }] }, /"a b" cannot stand in a header/],
    [{ split: [{ predictor: "x".repeat(2000), weight: 1 }] }, /cannot stand in a header/],
    [{ sticky: { keys: [{ kind: "cookie", name: "x".repeat(300) }] } }, /sticky key is too long/],
    [{ sticky: { keys: [{ kind: "cookie", name: "" }] } }, /cannot stand in a header/],
    [{ split: [1, 2].map((weight) => ({ predictor: "main", weight })) }, /main stands twice/],
    [{ split: Array.from({ length: 257 }, (_, index) => ({ predictor: `p${index}`, weight: 1 })) }, /more than 256/],
  ];
  for (const [traffic, message] of unfit) {
    const { value, problems } = planRouteTable([planOf("a/a"), planOf("b/bad", traffic), planOf("c/c")], options);
    assert.deepEqual(
      value.deployments.map((one) => one.key),
      ["a/a", "c/c"],
    );
    assert.equal(problems.length, 1);
    assert.equal(problems[0]?.code, "FilterTableUnfit");
    assert.equal(problems[0].object, "b/bad");
    assert.match(problems[0].message, message);
  }
  assert.match(planRouteTable([planOf("a/a"), planOf("a/a")], options).problems[0]?.message ?? "", /key stands twice/);
});

test("a full table keeps its limit and names who is left out", () => {
  const name = "n".repeat(900);
  const plans = Array.from({ length: 5000 }, (_, index) => planOf(`ns/${String(index).padStart(5, "0")}-${name}`));
  const { value, problems } = renderFilterTable(plans, options);
  assert.ok(value.length <= MAX_TABLE_BYTES);
  const kept = readRouteTable(value).value?.deployments.length ?? 0;
  assert.ok(kept > 100 && kept < 5000);
  assert.equal(problems.length, 5000 - kept);
  assert.ok(problems.every((one) => one.code === "FilterTableFull"));
});
