import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { graphOfEnginePredictor } from "../graph/from-file.ts";
import type { Graph } from "../graph/graph.ts";
import { findModel, modelRefOf } from "./model-names.ts";

const IDENTITY = { namespace: "n", deployment: "iris", predictor: "main" };

function graphOf(graph: unknown, protocol = "v2"): Graph {
  const encoded = Buffer.from(JSON.stringify({ name: "main", graph })).toString("base64");
  const { value } = graphOfEnginePredictor(encoded, IDENTITY, { protocol, mergesMeta: false });
  assert.ok(value !== undefined);
  return value;
}

const endpoint = { service_host: "h", service_port: 1, httpPort: 1, grpcPort: 2 };
const one = { name: "a", type: "MODEL", endpoint };
const two = {
  ...one,
  children: [{ ...one, name: "b", parameters: [{ name: "model_name", value: "m", type: "STRING" }] }],
};

describe("model names", () => {
  it("in a graph of several nodes each has its own, unless the client's name is nobody's", () => {
    const graph = graphOf(two);
    const namesFor = (modelName: string) =>
      graph.nodes.map((node) => modelRefOf(graph, node, { modelName, modelVersion: "3" }).name);
    for (const name of ["", "iris", "main", "a", "b", "m"]) assert.deepEqual(namesFor(name), ["a", "m"], name);
    assert.deepEqual(namesFor("zz"), ["zz", "zz"]);
    assert.equal(modelRefOf(graph, graph.root, { modelName: "a", modelVersion: "3" }).version, "");
  });

  it("in a graph of one node it is the client's, version included", () => {
    const graph = graphOf(one);
    const asked = { modelName: "zz", modelVersion: "3" };
    assert.deepEqual(modelRefOf(graph, graph.root, asked), { name: "zz", version: "3" });
    assert.deepEqual(findModel(graph, asked), { node: graph.root, model: { name: "zz", version: "3" } });
    assert.equal(modelRefOf(graph, graph.root, { modelName: "", modelVersion: "" }).name, "a");
  });

  it("a question about a model finds it by node name or model name", () => {
    const graph = graphOf(two);
    for (const modelName of ["b", "m"]) {
      const { node, model } = findModel(graph, { modelName, modelVersion: "" });
      assert.deepEqual([node.name, model.name], ["b", "m"]);
    }
    const ask = (of: Graph) => () => findModel(of, { modelName: "zz", modelVersion: "" });
    assert.throws(ask(graph), { message: "Failed to find model zz", httpStatus: 404 });
    assert.throws(ask(graphOf(one, "seldon")), { message: "Failed to find model zz" });
  });
});
