import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mix } from "../vocabulary/hash.ts";
import type { TableDeployment } from "./model.ts";
import { choosePredictor, isInSample, isInShare } from "./split.ts";

const KEYS = 100_000;

function deploymentOf(
  weights: Readonly<Record<string, number>>,
  percent?: number,
  key = "default/iris",
): TableDeployment {
  const clusters = { httpCluster: "", grpcCluster: "" };
  return {
    key,
    permits: { force: [], explain: [] },
    stickyKeys: [],
    rules: [],
    predictors: Object.entries(weights).map(([name, weight]) => ({ name, weight, ...clusters })),
    shadows: percent === undefined ? [] : [{ name: "shadow", percent, conditions: [], beside: [], ...clusters }],
  };
}

function isSampled(deployment: TableDeployment, requestKey: number): boolean {
  const [shadow] = deployment.shadows;
  return shadow !== undefined && isInSample(deployment, shadow, requestKey);
}

/** Keys as hashes of ids would be: spread over 32 bits, the same on every run. */
const keyAt = (index: number): number => mix(index + 1);

function assign(deployment: TableDeployment, keys = KEYS): readonly string[] {
  return Array.from({ length: keys }, (_, index) => choosePredictor(deployment, keyAt(index))?.name ?? "none");
}

function share(names: readonly string[], name: string): number {
  return names.filter((one) => one === name).length / names.length;
}

/** Four standard deviations of a share over that many keys. */
function tolerance(expected: number, keys = KEYS): number {
  return 4 * Math.sqrt((expected * (1 - expected)) / keys);
}

function moved(before: readonly string[], after: readonly string[]): number {
  return before.filter((name, index) => name !== after[index]).length / before.length;
}

test("shares follow the weights", () => {
  for (const weights of [
    { a: 75, b: 25 },
    { a: 1, b: 1, c: 1 },
    { a: 90, b: 9, c: 1 },
    { a: 999_999, b: 1_000 },
  ]) {
    const names = assign(deploymentOf(weights));
    const sum = Object.values(weights).reduce((total, weight) => total + weight, 0);
    for (const [name, weight] of Object.entries(weights)) {
      const error = Math.abs(share(names, name) - weight / sum);
      assert.ok(error <= tolerance(weight / sum), `${JSON.stringify(weights)}: ${name} is off by ${error}`);
    }
  }
});

test("over two million keys a share is right to a thousandth", () => {
  const keys = 2_000_000;
  let count = 0;
  const deployment = deploymentOf({ main: 75, canary: 25 });
  for (let index = 0; index < keys; index++) if (choosePredictor(deployment, keyAt(index))?.name === "canary") count++;
  assert.ok(Math.abs(count / keys - 0.25) < 1e-3, `${count / keys}`);
});

test("a new weight moves only the keys that it must", () => {
  const [nine, ten] = [assign(deploymentOf({ main: 9, canary: 1 })), assign(deploymentOf({ main: 10, canary: 1 }))];
  const least = 10 / 11 - 9 / 10;
  const part = moved(nine, ten);
  assert.ok(part <= 0.01 && Math.abs(part - least) <= tolerance(least), `${part} moved, the least is ${least}`);
  nine.forEach((name, index) => {
    if (name !== ten[index]) assert.equal(ten[index], "main", "keys move only to the one that gained");
  });
});

test("a predictor that comes or goes moves its own keys only", () => {
  const two = assign(deploymentOf({ a: 3, b: 1 }));
  const three = assign(deploymentOf({ a: 3, b: 1, c: 1 }));
  two.forEach((name, index) => {
    if (name !== three[index]) assert.equal(three[index], "c");
  });
  const least = 1 / 5;
  assert.ok(Math.abs(moved(two, three) - least) <= tolerance(least));
});

test("a weight of 0 is never chosen, and leaves the others as if it were not there", () => {
  assert.deepEqual(assign(deploymentOf({ a: 3, b: 1, c: 0 }), 20_000), assign(deploymentOf({ a: 3, b: 1 }), 20_000));
});

test("the order of predictors does not matter, nor does the scale of weights", () => {
  const weight = fc.integer({ min: 1, max: 1000 });
  fc.assert(
    fc.property(
      weight,
      weight,
      weight,
      fc.integer({ min: 1, max: 1000 }),
      fc.nat(0xffffffff),
      (a, b, c, scale, key) => {
        const name = choosePredictor(deploymentOf({ a, b, c }), key)?.name;
        assert.equal(choosePredictor(deploymentOf({ c, a, b }), key)?.name, name);
        assert.equal(choosePredictor(deploymentOf({ a: a * scale, b: b * scale, c: c * scale }), key)?.name, name);
      },
    ),
  );
});

test("two deployments split the same keys independently", () => {
  const [one, other] = [
    assign(deploymentOf({ a: 1, b: 1 })),
    assign(deploymentOf({ a: 1, b: 1 }, undefined, "default/other")),
  ];
  assert.ok(Math.abs(moved(one, other) - 0.5) <= tolerance(0.5));
});

test("a shadow's sample has its size and is independent of the split", () => {
  const deployment = deploymentOf({ a: 1, b: 1 }, 12.5);
  const names = assign(deployment);
  const sampled = names.map((_, index) => isSampled(deployment, keyAt(index)));
  const inSample = names.filter((_, index) => sampled[index]);
  assert.ok(Math.abs(inSample.length / KEYS - 0.125) <= tolerance(0.125));
  assert.ok(Math.abs(share(inSample, "a") - 0.5) <= tolerance(0.5, inSample.length));
});

test("a shadow of 100 percent sees every key", () => {
  const all = deploymentOf({ a: 1 }, 100);
  fc.assert(fc.property(fc.nat(0xffffffff), (key) => isSampled(all, key)));
  assert.ok(isSampled(all, 0xffffffff));
});

/** A rule of a share, and a deployment that has it. */
function withRule(percent: number, weights: Readonly<Record<string, number>>): TableDeployment {
  const predictors = deploymentOf(weights).predictors;
  return { ...deploymentOf({ a: 1, b: 1 }), rules: [{ name: "some", conditions: [], percent, predictors }] };
}

test("a rule's share has its size and is independent of both splits", () => {
  for (const percent of [1, 12.5, 50, 99.9]) {
    const deployment = withRule(percent, { a: 1, b: 1 });
    const [rule] = deployment.rules;
    assert.ok(rule);
    const taken = Array.from({ length: KEYS }, (_, index) => isInShare(deployment, rule, keyAt(index)));
    const part = taken.filter(Boolean).length / KEYS;
    assert.ok(Math.abs(part - percent / 100) <= tolerance(percent / 100), `${percent}: ${part}`);
    const names = assign(deployment).filter((_, index) => taken[index]);
    assert.ok(Math.abs(share(names, "a") - 0.5) <= tolerance(0.5, names.length));
  }
});

test("a rule of 100 percent takes every key, and none that a smaller share took is lost in a larger one", () => {
  const [small, large, all] = [10, 30, 100].map((percent) => withRule(percent, { a: 1 }));
  const takes = (deployment: TableDeployment | undefined, key: number): boolean =>
    deployment?.rules[0] !== undefined && isInShare(deployment, deployment.rules[0], key);
  fc.assert(
    fc.property(fc.nat(0xffffffff), (key) => {
      assert.ok(takes(all, key));
      assert.ok(!takes(small, key) || takes(large, key));
    }),
  );
});

test("who is moved into a rule of the same split stays, and a new weight there moves only what it must", () => {
  const deployment = withRule(100, { a: 1, b: 1 });
  const changed = withRule(100, { a: 1, b: 2 });
  let count = 0;
  for (let index = 0; index < KEYS; index++) {
    const key = keyAt(index);
    const before = choosePredictor(deployment, key)?.name;
    assert.equal(choosePredictor(deployment, key, deployment.rules[0]?.predictors)?.name, before);
    const after = choosePredictor(changed, key, changed.rules[0]?.predictors)?.name;
    if (after === before) continue;
    count += 1;
    assert.equal(after, "b", "keys move only to the one that gained");
  }
  assert.ok(Math.abs(count / KEYS - (2 / 3 - 1 / 2)) <= tolerance(1 / 6));
});

test("two deployments of one salt split alike, others and shadows don't", () => {
  const one = { ...deploymentOf({ a: 1, b: 1 }, 50), salt: "experiment" };
  const same = { ...deploymentOf({ a: 1, b: 1 }, 50, "default/other"), salt: "experiment" };
  assert.deepEqual(assign(one), assign(same));
  assert.ok(Math.abs(moved(assign(one), assign(deploymentOf({ a: 1, b: 1 }))) - 0.5) <= tolerance(0.5));
  const both = Array.from({ length: KEYS }, (_, index) => keyAt(index)).filter(
    (key) => isSampled(one, key) && isSampled(same, key),
  );
  assert.ok(Math.abs(both.length / KEYS - 0.25) <= tolerance(0.25), "samples have no salt in common");
});
