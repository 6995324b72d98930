import assert from "node:assert/strict";
import { it } from "node:test";
import type { SourceText } from "../../source/source.ts";
import { createSourceReader } from "./source-reader.ts";

const manifestOf = (name: string): string =>
  `{apiVersion: machinelearning.seldon.io/v1, kind: SeldonDeployment, metadata: {name: ${name}},
    spec: {predictors: [{name: main, graph: {name: gate, implementation: SIMPLE_MODEL}}]}}`;

it("a source reader knows the file of a deployment that is gone until nobody keeps it", async () => {
  let texts: readonly SourceText[] = ["a", "b"].map((name) => ({ file: `${name}.yaml`, text: manifestOf(name) }));
  const reader = createSourceReader({
    read: () => Promise.resolve({ value: texts, problems: [] }),
    watch: () => () => undefined,
  });
  await reader.read();
  texts = texts.slice(1);
  reader.invalidate();
  const { plans } = await reader.read();
  assert.deepEqual(
    plans.map((plan) => plan.key),
    ["default/b"],
  );
  assert.equal(reader.fileOf("default/a"), "a.yaml");
  reader.keepOnly(new Set(["default/b"]));
  assert.equal(reader.fileOf("default/a"), undefined);
  assert.equal(reader.fileOf("default/b"), "b.yaml");
});
