import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { graphOfEnginePredictor } from "./from-file.ts";

const IDENTITY = { namespace: "n", deployment: "d", predictor: "p" };
const endpoint = { service_host: "h", service_port: 1, httpPort: 1 };

function parameters(all: Readonly<Record<string, string>>) {
  return Object.entries(all).map(([name, value]) => ({ name, value, type: "STRING" }));
}

/** A combiner `c` of `a` and `b`. */
function check(
  ofA: Readonly<Record<string, string>>,
  ofC: Readonly<Record<string, string>> = {},
  combiner: object = { type: "COMBINER" },
  protocol = "seldon",
) {
  const model = (name: string, given: Readonly<Record<string, string>>) => {
    return { name, type: "MODEL", endpoint, parameters: parameters(given) };
  };
  const graph = {
    ...{ name: "c", endpoint, parameters: parameters(ofC), ...combiner },
    children: [model("a", ofA), model("b", {})],
  };
  const encoded = Buffer.from(JSON.stringify({ name: "p", graph })).toString("base64");
  const checked = graphOfEnginePredictor(encoded, IDENTITY, { protocol, mergesMeta: false });
  return {
    problems: checked.problems.filter((one) => one.severity === "error").map((one) => `${one.path}: ${one.message}`),
    node: (name: string) => checked.value?.byName.get(name),
  };
}

describe("onError, default and minReady", () => {
  it("are read where a node aggregates, by its type, a method or a built-in", () => {
    for (const combiner of [{ type: "COMBINER" }, { methods: ["AGGREGATE"] }, { implementation: "AVERAGE_COMBINER" }]) {
      const { problems, node } = check({ onError: "skip" }, { minReady: "1" }, combiner);
      assert.deepEqual(problems, []);
      assert.deepEqual([node("a")?.onError.kind, node("b")?.onError.kind, node("c")?.minReady], ["skip", "skip", 1]);
    }
    const { node } = check({ onError: "default", default: '{"strData":"x"}' });
    assert.deepEqual(node("a")?.onError, { kind: "default", json: Buffer.from('{"strData":"x"}') });
    assert.deepEqual(node("b")?.onError, { kind: "fail" });
    assert.equal(check({ default: "anything" }).node("a")?.onError.kind, "fail");
  });

  it("are refused with the node's path and the reason where they can't be meant", () => {
    const says = (expected: string, ...given: Parameters<typeof check>): void => {
      assert.deepEqual(check(...given).problems, [expected]);
    };
    says('c/a: parameter onError must be fail, skip or default, not "ignore"', { onError: "ignore" });
    says("c/a: parameter onError is default, but parameter default is missing; give the message that stands in", {
      onError: "default",
    });
    says("c/a: parameter default has no effect with onError skip", { onError: "skip", default: "{}" });
    says(
      "c/a: parameter onError has no effect here; it belongs on a child of a COMBINER or of a node with AGGREGATE",
      { onError: "skip" },
      {},
      { type: "ROUTER" },
    );
    says(
      "c: parameter onError has no effect here; it belongs on a child of a COMBINER or of a node with AGGREGATE",
      {},
      { onError: "skip" },
    );
    says(
      "c: parameter minReady has no effect here; it belongs on a COMBINER or on a node with AGGREGATE",
      {},
      { minReady: "1" },
      { type: "ROUTER" },
    );
    for (const value of ["0", "3", "-1", "1.5", "", "x"]) {
      const message = `c: parameter minReady must be a whole number from 1 to 2, the number of children, not "${value}"`;
      says(message, {}, { minReady: value });
    }
  });

  it("take as default only what a node of the protocol would answer", () => {
    const fault = (json: string, protocol = "seldon"): string | undefined =>
      check({ onError: "default", default: json }, {}, { type: "COMBINER" }, protocol).problems[0];
    for (const good of [
      '{"strData":"x"}',
      '{"binData":"AAE="}',
      '{"jsonData":{"any":[1]}}',
      '{"data":{"names":["a"],"ndarray":[[1,"x"]]},"meta":{"tags":{"k":1}},"status":{"code":200}}',
      '{"data":{"tensor":{"shape":[1,2],"values":[1,2]}}}',
    ]) {
      assert.equal(fault(good), undefined, good);
    }
    assert.match(fault("{") ?? "", /^c\/a: parameter default is not JSON$/);
    assert.match(fault("[]") ?? "", /must be a JSON object/);
    assert.match(fault('{"data":{"ndarray":[]},"strData":"x"}') ?? "", /the SeldonMessage holds one of data, binData/);
    assert.match(fault("{}") ?? "", /holds one of/);
    assert.match(fault('{"strdata":"x"}') ?? "", /"strdata" is not a field of it/);
    assert.match(fault('{"strData":1}') ?? "", /strData is text/);
    assert.match(fault('{"strData":"x","meta":[]}') ?? "", /meta is an object/);
    assert.match(fault('{"data":[]}') ?? "", /data is an object/);
    assert.match(fault('{"data":{"ndarray":1}}') ?? "", /ndarray must be an array/);
    assert.match(fault('{"data":{"tensor":{"values":[1]}}}') ?? "", /shape and values/);
    assert.match(fault('{"data":{"tensor":{"shape":[2],"values":[1]}}}') ?? "", /1 values, but its shape says 2/);
    const outputs = '{"outputs":[{"name":"y","datatype":"FP32","shape":[1],"data":[0.5]}]}';
    assert.equal(fault(outputs, "v2"), undefined);
    assert.match(fault('{"strData":"x"}', "v2") ?? "", /V2 inference response/);
    assert.match(fault('{"outputs":[{"name":"y"}]}', "v2") ?? "", /datatype, shape and data/);
    assert.equal(fault('{"predictions":[1]}', "tensorflow"), undefined);
    assert.match(fault('{"outputs2":1}', "tensorflow") ?? "", /TensorFlow Serving response/);
  });
});
