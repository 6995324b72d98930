import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { graphOfEnginePredictor } from "../graph/from-file.ts";
import { pathHeader } from "../policy/answer-headers.ts";
import { jsonPayload } from "../execute/payload.ts";
import { predict } from "./predict.ts";
import type { PathStep } from "../execute/run.ts";
import { Scope } from "../execute/scope.ts";

const LEAVES = [
  { name: "a", implementation: "SIMPLE_MODEL" },
  { name: "b", implementation: "SIMPLE_MODEL" },
];

/** The path of a request through a graph of built-in nodes, without its times. */
async function pathOf(graph: object, forced: Readonly<Record<string, number>> = {}): Promise<string> {
  const encoded = Buffer.from(JSON.stringify({ name: "p", graph })).toString("base64");
  const identity = { namespace: "n", deployment: "d", predictor: "p" };
  const { value } = graphOfEnginePredictor(encoded, identity, { protocol: "seldon", mergesMeta: false });
  assert.ok(value);
  const path: PathStep[] = [];
  const request = jsonPayload({ data: { ndarray: [[1]] } });
  const run = {
    graph: value,
    caller: { maxReplyBytes: 0, call: () => Promise.reject(new Error("no node is called")) },
    calledBy: "rest",
    puid: "p",
    modelName: "",
    modelVersion: "",
    headers: { pairs: [], acceptEncoding: "" },
    forced: new Map(Object.entries(forced)),
    routing: new Map(),
    path,
    random: () => 0.75,
    isShadow: false,
    meta: { kind: "untouched" },
  } as const;
  await predict(run, request, new Scope(Infinity));
  const header = pathHeader(path);
  assert.match(header, /^([\w.-]+\/[\w:-]+=\d+\.\d;?)+$/);
  return header.replaceAll(/=[\d.]+/g, "");
}

describe("the path of a request", () => {
  it("tells of choices that were made without a call", async () => {
    assert.equal(
      await pathOf({ name: "ab", implementation: "RANDOM_ABTEST", children: LEAVES }),
      "ab/abtest:1;b/predict",
    );
    const router = { name: "r", implementation: "SIMPLE_ROUTER", children: LEAVES };
    assert.equal(await pathOf(router), "r/simple-router:0;a/predict");
    assert.equal(await pathOf(router, { r: 1 }), "r/forced:1;b/predict");
    assert.equal(await pathOf(router, { r: -2 }), "r/forced:-2");
  });

  it("tells of built-in nodes", async () => {
    const average = { name: "c", implementation: "AVERAGE_COMBINER", children: LEAVES };
    assert.equal(await pathOf(average), "a/predict;b/predict;c/aggregate");
  });
});
