import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_TABLE_BYTES, MAX_WEIGHT } from "#proto/vocabulary/limits.ts";
import { splitSeeds } from "#proto/route-table/hashes.ts";
import type { TableDeployment } from "#proto/route-table/model.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { Condition, CookieIssue, RulePlan } from "../../plan/traffic-plan.ts";
import { planOf, type PlanChanges } from "./plan-for-tests.ts";
import { describeRouteTable, readRouteTable } from "./read.ts";
import {
  type FilterTableOptions,
  ISTIO_CLUSTERS,
  planRouteTable,
  renderFilterTable,
  renderInboundTable,
} from "./render.ts";

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
    permits: { force: [{ kind: "anyone" }], explain: [] },
    stickyKeys: [{ kind: "header", name: "x-user" }],
    predictors: [
      { name: "canary", weight: 25, httpCluster: "default/iris/canary/http", grpcCluster: "default/iris/canary/grpc" },
      { name: "main", weight: 75, httpCluster: "default/iris/main/http", grpcCluster: "default/iris/main/grpc" },
    ],
    rules: [],
    shadows: [
      {
        name: "shadow",
        percent: 12.5,
        httpCluster: "default/iris/shadow/http",
        grpcCluster: "default/iris/shadow/grpc",
        conditions: [],
        beside: [],
      },
    ],
  });
});

/** The first deployment of the table of one plan. */
function deploymentOf(traffic: PlanChanges, more: Partial<FilterTableOptions> = {}): TableDeployment | undefined {
  const { value, problems } = planRouteTable([planOf("default/iris", traffic)], { ...options, ...more });
  assert.deepEqual(problems, []);
  return value.deployments[0];
}

test("rules, conditions, deadlines and limits of shadows go into the table; texts become their UTF-8", () => {
  const conditions: readonly Condition[] = [
    { on: "header", name: "X-Team", test: { kind: "exact", text: "grün" } },
    { on: "query", name: "größe", test: { kind: "present" } },
    { on: "path", test: { kind: "prefix", text: "api/" } },
    { on: "transport", transport: "grpc" },
  ];
  const deployment = deploymentOf({
    rules: [{ name: "team", conditions, percent: 10, split: [{ predictor: "canary", weight: 1 }] }],
    shadows: [{ predictor: "s", percent: 100, conditions, beside: ["main"], maxBodyBytes: 2 ** 40 }],
    deadline: { defaultMs: 1000, maxMs: 60_000 },
  });
  const expected = [
    { on: "header", name: "x-team", test: { kind: "exact", text: "gr\xc3\xbcn" } },
    { on: "query", name: "gr\xc3\xb6\xc3\x9fe", test: { kind: "present" } },
    { on: "path", test: { kind: "prefix", text: "api/" } },
    { on: "transport", transport: "grpc" },
  ];
  assert.deepEqual(deployment?.rules[0]?.conditions, expected);
  assert.equal(deployment.rules[0].predictors[0]?.httpCluster, "default/iris/canary/http");
  assert.deepEqual(deployment.shadows[0]?.conditions, expected);
  assert.deepEqual(deployment.shadows[0].beside, ["main"]);
  assert.equal(deployment.shadows[0].maxBodyBytes, 0xfffffffe);
  assert.equal(deployment.defaultTimeoutMs, 1000);
  assert.equal(deployment.maxTimeoutMs, 60_000);
  const described = describeRouteTable({ role: "gateway", generation: 26n, deployments: [deployment] });
  assert.equal(described["generation"], "1a");
  const [shown] = described["deployments"] as readonly TableDeployment[];
  assert.deepEqual(shown?.rules[0]?.conditions[0], {
    on: "header",
    name: "x-team",
    test: { kind: "exact", text: "grün" },
  });
});

test("a cookie that is issued belongs to the deployment's path, and no script reads it", () => {
  const keys = (issue: CookieIssue) => ({ sticky: { keys: [{ kind: "cookie", name: "user", issue }] } }) as const;
  const attributesOf = (issue: CookieIssue): string | undefined => {
    const [key] = deploymentOf(keys(issue))?.stickyKeys ?? [];
    return key?.kind === "cookie" ? key.issue?.attributes : undefined;
  };
  assert.equal(
    attributesOf({ secure: false, sameSite: "Lax" }),
    "; Path=/seldon/default/iris/; HttpOnly; SameSite=Lax",
  );
  assert.equal(
    attributesOf({ secure: true, sameSite: "None", maxAgeSeconds: 60, path: "/" }),
    "; Path=/; Max-Age=60; HttpOnly; SameSite=None; Secure",
  );
});

test("a salt takes the place of the key in the split, not in shadows and rules", () => {
  const traffic = { split: [{ predictor: "main", weight: 1 }], shadows: [{ predictor: "s", percent: 50 }] };
  const salted = { ...traffic, sticky: { keys: [{ kind: "header", name: "u" }], salt: "experiment" } } as const;
  const { value } = renderFilterTable([planOf("default/iris", salted)], options);
  const [deployment] = readRouteTable(value).value?.deployments ?? [];
  assert.deepEqual(deployment?.predictors[0]?.seeds, splitSeeds("experiment", "main"));
  assert.equal(deployment.shadows[0]?.seeds, undefined);
});

test("a namespace is granted something only where its callers alone are served", () => {
  const sha256 = "ab".repeat(32);
  const permits: DeploymentPlan["permits"] = {
    force: [
      { kind: "namespace", namespace: "team" },
      { kind: "secret", sha256 },
    ],
    explain: [
      { kind: "namespace", namespace: "team" },
      { kind: "claim", header: "X-Role", value: "admin" },
    ],
  };
  const secret = { kind: "secret", sha256 };
  const claim = { kind: "claim", header: "x-role", value: "admin" };
  assert.deepEqual(deploymentOf({ permits })?.permits, { force: [secret], explain: [claim] });
  assert.deepEqual(deploymentOf({ permits }, { callerNamespace: "other" })?.permits, {
    force: [secret],
    explain: [claim],
  });
  assert.deepEqual(deploymentOf({ permits }, { callerNamespace: "team" })?.permits, {
    force: [{ kind: "anyone" }, secret],
    explain: [{ kind: "anyone" }, claim],
  });
});

test("what is remembered of a plan is for the same callers and the same names of clusters", () => {
  const plan = planOf("default/iris", { permits: { force: [{ kind: "namespace", namespace: "team" }], explain: [] } });
  const deploymentFor = (more: Partial<FilterTableOptions>): TableDeployment | undefined =>
    planRouteTable([plan], { ...options, ...more }).value.deployments[0];
  const first = deploymentFor({});
  assert.deepEqual(first?.permits.force, []);
  assert.equal(deploymentFor({ callerNamespace: "other" }), first);
  const team = deploymentFor({ callerNamespace: "team" });
  assert.deepEqual(team?.permits.force, [{ kind: "anyone" }]);
  assert.equal(deploymentFor({ callerNamespace: "team" }), team);
  assert.equal(deploymentFor({ clusters: () => "other" })?.predictors[0]?.httpCluster, "other");
  assert.equal(deploymentFor({}), first);
});

test("for Istio shadows have istiod's clusters and predictors none", () => {
  const predictors = ["main", "s"].map((name) => ({
    name,
    serviceHost: `iris-${name}.default.svc.cluster.local`,
    httpPort: 8000,
    grpcPort: 5001,
  })) as unknown as DeploymentPlan["predictors"];
  const shadows = [{ predictor: "s", percent: 100 }];
  const istio = { role: "outbound", clusters: ISTIO_CLUSTERS } as const;
  const deployment = deploymentOf({ predictors, shadows }, istio);
  assert.equal(deployment?.predictors[0]?.httpCluster, "");
  assert.equal(deployment.shadows[0]?.httpCluster, "outbound|8000|s|iris-s.default.svc.cluster.local");
  assert.equal(deployment.shadows[0].grpcCluster, "outbound|5001|s|iris-s.default.svc.cluster.local");
});

test("the inbound table knows no deployment, and may trust peers alone", () => {
  const tables = [true, false].map((peersOnly) => readRouteTable(renderInboundTable({ generation: 3n, peersOnly })));
  const table = { role: "inbound", generation: 3n, deployments: [] };
  assert.deepEqual(
    tables.map((one) => one.value),
    [{ ...table, peersOnly: true }, table],
  );
});

test("the order of the plans does not matter", () => {
  const plans = ["z/z", "a/b", "a/a"].map((key) => planOf(key));
  assert.deepEqual(renderFilterTable(plans, options), renderFilterTable([...plans].reverse(), options));
});

const issue: CookieIssue = { secure: false, sameSite: "Lax" };

function times<T>(count: number, of: (name: string) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => of(`n${index}`));
}

function rule(parts: Partial<RulePlan>): RulePlan {
  return { name: "team", conditions: [], percent: 100, split: [{ predictor: "main", weight: 1 }], ...parts };
}

function condition(text: string): Condition {
  return { on: "method", test: { kind: "exact", text } };
}

test("one plan that cannot stand in a table is left out with a problem; its neighbours stay", () => {
  const unfit: readonly (readonly [PlanChanges, RegExp])[] = [
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
    [{ sticky: { keys: [{ kind: "cookie", name: "a b", issue }] } }, /cookie cannot be named "a b"/],
    [{ sticky: { keys: [{ kind: "cookie", name: "a", issue: { ...issue, path: "/\r\n" } }] } }, /path of the cookie a/],
    [
      { sticky: { keys: ["a", "b"].map((name) => ({ kind: "cookie" as const, name, issue })) } },
      /new clients 2 cookies/,
    ],
    [{ sticky: { keys: times(9, (name) => ({ kind: "header" as const, name })) } }, /more than 8 sticky keys/],
    [{ rules: times(65, (name) => rule({ name })) }, /more than 64 rules/],
    [{ rules: [rule({}), rule({})] }, /team stands twice/],
    [{ rules: [rule({ name: "a\nb" })] }, /of a rule cannot stand in a header/],
    [{ rules: [rule({ percent: 101 })] }, /rule team: the share 101/],
    [{ rules: [rule({ split: [{ predictor: "main", weight: 0 }] })] }, /rule team: no predictor has a positive weight/],
    [{ rules: [rule({ conditions: times(17, condition) })] }, /rule team: it has more than 16 conditions/],
    [{ rules: [rule({ conditions: [condition("x".repeat(1025))] })] }, /longer than 1024 bytes/],
    [{ shadows: [{ predictor: "s", percent: 1, conditions: times(17, condition) }] }, /shadow s has more than 16/],
    [{ shadows: [{ predictor: "s", percent: 1, beside: times(257, String) }] }, /stands beside/],
    [{ shadows: [{ predictor: "s", percent: 1, maxBodyBytes: -1 }] }, /largest body -1 of shadow s/],
    [
      { permits: { force: times(17, () => ({ kind: "anyone" as const })), explain: [] } },
      /more than 16 grants of force/,
    ],
    [{ permits: { force: [{ kind: "secret", sha256: "AB" }], explain: [] } }, /SHA-256 has no 64/],
    [{ permits: { force: [], explain: [{ kind: "claim", header: "", value: "" }] } }, /cannot stand in a header/],
    [{ deadline: { defaultMs: 0.5 } }, /deadline of 0.5 milliseconds/],
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
