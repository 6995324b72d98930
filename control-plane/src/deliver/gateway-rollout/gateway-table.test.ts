import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeRouteTable } from "#proto/route-table/decode.ts";
import { decodeResource } from "../../render/xds/encode.ts";
import { planFor } from "../../render/xds/plans-for-tests.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { renderGatewayFilter } from "./gateway-table.ts";

const LONG = { on: "method", test: { kind: "exact", text: "x".repeat(1000) } } as const;

function planOf(name: string, rules: number, user = "user"): DeploymentPlan {
  const longRules = Array.from({ length: rules }, (_, index) => {
    const split = [{ predictor: "main", weight: 1 }];
    return { name: `rule-${index}`, conditions: [LONG, LONG], percent: 100, split };
  });
  const sticky = { keys: [{ kind: "header", name: user }] } as const;
  return planFor(name, { main: 1 }, {}, { rules: longRules, sticky });
}

interface Body {
  readonly typed_config: { readonly config: { readonly configuration: { readonly value: string } } };
}

function render(plans: readonly DeploymentPlan[], standing: readonly DeploymentPlan[]) {
  const wasm = { filename: "filter.wasm" };
  const rendered = renderGatewayFilter(plans, { wasm, nextGeneration: () => 1n, maxBytes: 6000, standing });
  const body = decodeResource(rendered.value.encode()) as unknown as Body;
  const table = decodeRouteTable(Buffer.from(body.typed_config.config.configuration.value, "base64"));
  assert.ok(table.ok);
  const said = table.table.deployments.map(({ key, stickyKeys, rules }) => [key, stickyKeys[0]?.name, rules.length]);
  return { ...rendered, said, codes: rendered.problems.map(({ code, object }) => `${code} ${object}`) };
}

test("our own gateway's table with room for all has all, and leaves nobody out", () => {
  const plans = [planOf("a", 0), planOf("b", 1)];
  const { said, codes, standing } = render(plans, []);
  assert.deepEqual(said, [
    ["seldon/a", "user", 0],
    ["seldon/b", "user", 1],
  ]);
  assert.deepEqual(codes, []);
  assert.deepEqual(standing, plans);
});

test("in one without, the version before goes on, and its fingerprint says so", () => {
  const before = [planOf("a", 1), planOf("b", 0)];
  const first = render(before, []);
  const crowded = render([planOf("a", 3, "team"), planOf("b", 0), planOf("0", 2)], first.standing);
  assert.deepEqual(crowded.said, [
    ["seldon/a", "user", 1],
    ["seldon/b", "user", 0],
  ]);
  assert.deepEqual(crowded.codes, ["FilterTableFull seldon/0", "FilterTableFull seldon/a"]);
  const more = render([planOf("a", 3, "team"), planOf("b", 0, "team"), planOf("0", 2)], crowded.standing);
  assert.deepEqual(more.said[1], ["seldon/b", "team", 0]);
  assert.notEqual(more.value.fingerprint, crowded.value.fingerprint);
  const again = render([planOf("a", 3, "team"), planOf("b", 0), planOf("0", 2)], crowded.standing);
  assert.equal(again.value.fingerprint, crowded.value.fingerprint);
  const roomy = render([planOf("a", 2, "team"), planOf("b", 0)], crowded.standing);
  assert.deepEqual(roomy.said[0], ["seldon/a", "team", 2]);
  assert.deepEqual(roomy.codes, []);
});

function unfitted(plan: DeploymentPlan): DeploymentPlan {
  return { ...plan, split: [{ predictor: "main", weight: 1.5 }] };
}

test("who cannot stand in it goes on as before, or is left out, and the table is the same", () => {
  const plans = [planOf("a", 0), planOf("b", 1)];
  const first = render(plans, []);
  const joined = render([...plans, unfitted(planOf("c", 0))], first.standing);
  assert.deepEqual(joined.codes, ["FilterTableUnfit seldon/c"]);
  assert.deepEqual(joined.said, first.said);
  assert.equal(joined.value.fingerprint, first.value.fingerprint);
  const [a = planOf("a", 0), b = planOf("b", 1)] = plans;
  const broken = render([a, unfitted(b)], joined.standing);
  assert.deepEqual(broken.codes, ["FilterTableUnfit seldon/b"]);
  assert.deepEqual(broken.said, first.said);
  assert.equal(broken.value.fingerprint, first.value.fingerprint);
  const still = render([a, unfitted(b)], broken.standing);
  assert.deepEqual(still.said, first.said);
});

test("a newcomer without room changes nothing of it", () => {
  const plans = Array.from({ length: 10 }, (_, index) => planOf(`m${index}`, 0));
  const first = render(plans, []);
  const crowded = render([planOf("0", 5), ...plans], first.standing);
  assert.deepEqual(crowded.codes, ["FilterTableFull seldon/0"]);
  assert.deepEqual(crowded.said, first.said);
  assert.equal(crowded.value.fingerprint, first.value.fingerprint);
});
