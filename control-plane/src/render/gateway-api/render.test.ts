import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { Condition, RulePlan, ShadowEntry } from "../../plan/traffic-plan.ts";
import { TARGETS } from "../targets.ts";
import { planFor } from "../xds/plans-for-tests.ts";
import type { JsonObject } from "../xds/resource.ts";
import { gatewayDuration } from "./gateway-duration.ts";
import { renderGatewayApi, sharedListenerProblems, sharedNameProblems } from "./render.ts";
import { matchRule } from "./rule-match.ts";

interface Rule {
  readonly matches: readonly [{ readonly headers?: readonly JsonObject[]; readonly path?: { readonly value: string } }];
  readonly filters: readonly { readonly type: string; readonly requestMirror?: Readonly<Record<string, unknown>> }[];
  readonly backendRefs: readonly { readonly name: string; readonly port: number; readonly weight: number }[];
  readonly timeouts?: JsonObject;
}

function rulesOf(plan: DeploymentPlan, kind: "HTTPRoute" | "GRPCRoute"): readonly Rule[] {
  const route = renderGatewayApi(plan).value.find((one) => one["kind"] === kind);
  return (route?.["spec"] as unknown as { readonly rules: readonly Rule[] }).rules;
}

function messagesOf(plan: DeploymentPlan): readonly string[] {
  return renderGatewayApi(plan).problems.map(({ message }) => message);
}

function ruleFor(conditions: readonly Condition[], changes: Partial<RulePlan> = {}): RulePlan {
  return { name: "vip", conditions, percent: 100, split: [{ predictor: "b", weight: 1 }], ...changes };
}

const exact = (text: string) => ({ kind: "exact", text }) as const;
const VIP: Condition = { on: "header", name: "tier", test: exact("vip") };

test("weights are said for every backend, 0 too, because their default is 1", () => {
  const plan = planFor("example", { a: 9, b: 0 });
  assert.deepEqual(rulesOf(plan, "HTTPRoute").at(-1)?.backendRefs, [
    { name: "example-a", port: 8000, weight: 9 },
    { name: "example-b", port: 8000, weight: 0 },
  ]);
  assert.equal(rulesOf(plan, "GRPCRoute").at(-1)?.backendRefs[0]?.port, 5001);
  assert.deepEqual(messagesOf(plan), []);
});

test("no two routes have one name, whatever their kinds: an implementation may take up only the first", () => {
  const plans = [planFor("example", { a: 1 }), planFor("other", { a: 1 })];
  const routes = plans.flatMap((plan) => renderGatewayApi(plan).value);
  const names = routes.map(({ metadata }) => (metadata as { readonly name: string }).name);
  assert.deepEqual(names, ["example", "example.grpc", "other", "other.grpc"]);
});

test("a deployment that is called as another's GRPCRoute is a problem, in its namespace alone", () => {
  const example = planFor("example", { a: 1 });
  const like = planFor("example.grpc", { a: 1 });
  const problems = sharedNameProblems([like, example, planFor("other", { a: 1 })]);
  assert.deepEqual(
    problems.map(({ code, object, path }) => [code, object, path]),
    [["TargetInexpressible", "seldon/example", "metadata.name"]],
  );
  assert.match(
    problems[0]?.message ?? "",
    /seldon\/example and the HTTPRoute of seldon\/example\.grpc are both called/,
  );
  assert.deepEqual(sharedNameProblems([example, { ...like, namespace: "elsewhere" }]), []);
  const target = TARGETS.find(({ name }) => name === "gateway-api");
  const said = target?.render([example, like]).problems.map(({ message }) => message);
  assert.ok(said?.includes(problems[0]?.message ?? ""), "who renders is told");
});

test("feedback comes first, and nobody gets a copy of it", () => {
  const plan = planFor("example", { a: 1 }, { copy: 12.5, all: 100, some: 7 });
  for (const [kind, feedback] of [
    ["HTTPRoute", 2],
    ["GRPCRoute", 1],
  ] as const) {
    const copied = rulesOf(plan, kind).map(
      ({ filters }) => filters.filter(({ type }) => type === "RequestMirror").length,
    );
    assert.deepEqual(copied, [...Array.from({ length: feedback }, () => 0), 3]);
  }
  const shares = rulesOf(plan, "HTTPRoute")
    .at(-1)
    ?.filters.filter(({ requestMirror }) => requestMirror !== undefined);
  assert.deepEqual(
    shares?.map(({ requestMirror }) => [requestMirror?.["percent"], requestMirror?.["fraction"]]),
    [
      [undefined, { numerator: 12_500, denominator: 100_000 }],
      [undefined, undefined],
      [7, undefined],
    ],
  );
});

test("a policy's rule goes before the split, its feedback before all else", () => {
  const plan = planFor("example", { a: 1, b: 0 }, {}, { rules: [ruleFor([VIP])] });
  const rules = rulesOf(plan, "HTTPRoute").map(({ matches, backendRefs }) => {
    const [{ path, headers = [] }] = matches;
    return [path?.value, headers.length, backendRefs[0]?.name];
  });
  assert.deepEqual(rules, [
    ["/seldon/seldon/example/api/v1.0/feedback", 1, "example-b"],
    ["/seldon/seldon/example/api/v0.1/feedback", 1, "example-b"],
    ["/seldon/seldon/example/api/v1.0/feedback", 0, "example-a"],
    ["/seldon/seldon/example/api/v0.1/feedback", 0, "example-a"],
    ["/seldon/seldon/example/", 1, "example-b"],
    ["/seldon/seldon/example/", 0, "example-a"],
  ]);
  assert.equal(rulesOf(plan, "GRPCRoute").length, 4);
});

test("every rule takes the headers away that only the filter may set", () => {
  const plan = planFor("example", { a: 1 }, {}, { rules: [ruleFor([VIP])] });
  for (const rule of [...rulesOf(plan, "HTTPRoute"), ...rulesOf(plan, "GRPCRoute")]) {
    const modifier = rule.filters.find(({ type }) => type === "RequestHeaderModifier");
    const { remove } = (modifier as unknown as { requestHeaderModifier: { remove: readonly string[] } })
      .requestHeaderModifier;
    assert.ok(remove.includes("x-graphway-branch") && remove.includes("x-graphway-shadow") && remove.length <= 16);
  }
});

test("a rule that is asked in another order than the policy says is reported", () => {
  const both = [VIP, { on: "query", name: "beta", test: exact("1") } as const];
  const rules = [ruleFor([VIP], { name: "first" }), ruleFor(both, { name: "second" })];
  assert.match(
    messagesOf(planFor("example", { a: 1, b: 0 }, {}, { rules })).join("\n"),
    /rule second is more specific than first/,
  );
  assert.deepEqual(messagesOf(planFor("example", { a: 1, b: 0 }, {}, { rules: rules.toReversed() })), []);
});

test("a route has 16 rules at most; what has no place is named", () => {
  const rules = Array.from({ length: 7 }, (_, index) =>
    ruleFor([{ ...VIP, test: exact(String(index)) }], { name: `r${index}` }),
  );
  const plan = planFor("example", { a: 1, b: 0 }, {}, { rules });
  assert.ok(rulesOf(plan, "HTTPRoute").length <= 16 && rulesOf(plan, "GRPCRoute").length <= 16);
  assert.deepEqual(
    messagesOf(plan).map((one) => /rule (r\d) is left out/.exec(one)?.[1]),
    ["r4", "r5", "r6"],
  );
});

const text = fc.constantFrom("a", "b", "models/x", "pkg.Service/Call", "POST", "GET", "");
const textTest = fc.oneof(
  fc.constantFrom({ kind: "present" } as const, { kind: "absent" } as const),
  fc.record({ kind: fc.constantFrom("exact", "prefix", "contains" as const), text }),
);
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ on: fc.constantFrom("header", "cookie", "query"), name: fc.constantFrom("x", "y"), test: textTest }),
  fc.record({ on: fc.constantFrom("path", "method"), test: textTest }),
  fc.record({ on: fc.constant("transport" as const), transport: fc.constantFrom("rest", "grpc") }),
);

test("a rule that some transport leaves out is always a problem, or can never match there", () => {
  fc.assert(
    fc.property(fc.array(condition, { maxLength: 3 }), fc.constantFrom(100, 50), (conditions, percent) => {
      const rule = ruleFor(conditions, { percent });
      const lost = (["http", "grpc"] as const).some((transport) => matchRule(rule, transport) === "inexpressible");
      const said = messagesOf(planFor("example", { a: 1, b: 0 }, {}, { rules: [rule] }));
      if (lost)
        assert.ok(
          said.some((one) => one.includes("rule vip")),
          JSON.stringify(rule),
        );
    }),
    { numRuns: 2000 },
  );
});

test("a shadow that asks for more than a share gets no copies, and that is said", () => {
  const shadows: readonly (readonly [Partial<ShadowEntry>, number])[] = [
    [{ conditions: [VIP] }, 0],
    [{ maxBodyBytes: 10 }, 0],
    [{ beside: ["a"] }, 0],
    [{ beside: ["a", "b"] }, 1],
  ];
  for (const [change, copies] of shadows) {
    const shadow = { predictor: "copy", percent: 10, ...change };
    const plan = planFor("example", { a: 1, b: 1 }, { copy: 10 }, { shadows: [shadow] });
    const mirrors = rulesOf(plan, "HTTPRoute")
      .at(-1)
      ?.filters.filter(({ type }) => type === "RequestMirror");
    assert.equal(mirrors?.length, copies);
    assert.ok(messagesOf(plan).some((one) => one.includes("shadow copy")));
  }
});

test("a deadline is the timeout of REST; a try has none of its own, because nothing would try again", () => {
  const changes = { deadline: { defaultMs: 90_500 }, retry: { attempts: 1, perTryTimeoutMs: 1500 } };
  for (const rule of rulesOf(planFor("example", { a: 1 }, {}, changes), "HTTPRoute"))
    assert.deepEqual(rule.timeouts, { request: "1m30s500ms" });
  const [longest] = rulesOf(planFor("example", { a: 1 }, {}, { deadline: { maxMs: 100 } }), "HTTPRoute");
  assert.deepEqual(longest?.timeouts, { request: "100ms" });
});

test("durations keep to GEP-2257", () => {
  const pattern = /^([0-9]{1,5}(h|m|s|ms)){1,4}$/;
  const units = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 99_999_999 }), (milliseconds) => {
      const said = gatewayDuration(milliseconds);
      assert.match(said, pattern);
      const parts = [...said.matchAll(/(\d+)(h|ms|m|s)/g)].map(
        ([, count, unit]) => Number(count) * units[unit as keyof typeof units],
      );
      assert.equal(
        parts.reduce((sum, one) => sum + one, 0),
        milliseconds,
      );
    }),
  );
});

test("gateways are parents, the mesh is none; hosts are hosts", () => {
  const plan = planFor("example", { a: 1 }, {}, { gateways: ["mesh", "infra/main", "own"], hosts: ["a.example.com"] });
  const { value, problems } = renderGatewayApi(plan, { grpcListener: "grpc" });
  const specs = value.map((one) => one["spec"] as JsonObject);
  assert.deepEqual(specs[0]?.["parentRefs"], [{ namespace: "infra", name: "main" }, { name: "own" }]);
  assert.deepEqual(specs[0]["hostnames"], ["a.example.com"]);
  assert.deepEqual(specs[1]?.["parentRefs"], [
    { namespace: "infra", name: "main", sectionName: "grpc" },
    { name: "own", sectionName: "grpc" },
  ]);
  assert.ok(problems.some(({ message }) => message.includes("mesh")));
  assert.equal(sharedListenerProblems([plan]).length, 1);
  assert.deepEqual(sharedListenerProblems([plan], { grpcListener: "grpc" }), []);
});

test("who answers for another deployment has rules of that one's prefix and metadata", () => {
  const takeover = { deployment: "other", headers: [{ name: "city", value: "london" }] };
  const plan = planFor("example", { a: 1 }, {}, { takeover });
  const paths = rulesOf(plan, "HTTPRoute").map(({ matches }) => matches[0].path?.value ?? "");
  assert.equal(paths.filter((path) => path.startsWith("/seldon/seldon/other/")).length, 3);
  const names = rulesOf(plan, "GRPCRoute").map(({ matches }) => matches[0].headers?.[0]?.["value"]);
  assert.deepEqual(names, ["other", "example", "other", "example"]);
  const present = planFor("example", { a: 1 }, {}, { takeover: { deployment: "other", headers: [{ name: "city" }] } });
  assert.equal(rulesOf(present, "HTTPRoute").length, 3);
  assert.equal(messagesOf(present).length, 1);
});
