import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { measureAccuracy } from "./accuracy.ts";
import { classifierOf, MODEL_KINDS, readModel, train } from "./models.ts";
import { readSamples, splitSamples } from "./samples.ts";

const samples = splitSamples(readSamples());

/** Exponentials may differ in their last bits between machines. */
function round(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, one: unknown) => (typeof one === "number" ? Number(one.toPrecision(6)) : one)),
  );
}

describe("the iris models", () => {
  it("have 120 flowers to learn from and 30 to be judged by", () => {
    assert.equal(samples.train.length, 120);
    assert.equal(samples.test.length, 30);
    for (const { features, species } of [...samples.train, ...samples.test]) {
      assert.ok(features.length === 4 && features.every((value) => value > 0 && value < 10));
      assert.ok([0, 1, 2].includes(species));
    }
  });

  for (const kind of MODEL_KINDS) {
    it(`${kind}: training again gives the committed weights`, () => {
      assert.deepEqual(round(train(kind, samples.train)), round(readModel(kind)));
    });

    it(`${kind}: is right about nine in ten unseen flowers, and its probabilities add up`, () => {
      const classify = classifierOf(readModel(kind));
      assert.ok(measureAccuracy(classify, samples.test) >= 0.9);
      for (const { features } of samples.test) {
        const sum = classify(features).reduce((a, b) => a + b, 0);
        assert.ok(Math.abs(sum - 1) < 1e-9, `sum ${sum}`);
      }
    });
  }
});
