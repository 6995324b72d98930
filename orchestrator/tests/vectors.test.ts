import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readAnnotations } from "../src/config/annotations.ts";
import { parseFlags } from "../src/config/flags.ts";
import { durationMs } from "../src/config/go-values.ts";
import { routeOf } from "../src/protocol/seldon-route.ts";
import { graphOfEnginePredictor, graphOfFile } from "../src/graph/from-file.ts";
import { averageMessages } from "../src/node/builtin/average-messages.ts";
import { seededRandom } from "./seeded-random.ts";
import { imageLabels } from "../src/observe/client-metrics.ts";
import { pathHeader, routingHeader } from "../src/policy/answer-headers.ts";
import { forcedBranches } from "../src/policy/branches.ts";
import { escapeHtmlInJson } from "../src/server/rest/html-escape.ts";

const LOCAL = { protocol: "seldon", mergesMeta: false };
const IDENTITY = { namespace: "n", deployment: "d", predictor: "p" };

function graphOf(graph: unknown) {
  const encoded = Buffer.from(JSON.stringify({ name: "p", graph })).toString("base64");
  return graphOfEnginePredictor(encoded, IDENTITY, LOCAL);
}

const endpoint = { service_host: "h", service_port: 1, httpPort: 1, grpcPort: 2 };
const leaf = (name: string) => ({ name, type: "MODEL", endpoint });

describe("vectors", () => {
  it("escapes as Go's json.HTMLEscape does", () => {
    const rows: readonly [string, string][] = [
      ['{"a":"<b>&"}', '{"a":"\\u003cb\\u003e\\u0026"}'],
      ["\u2028\u2029", "\\u2028\\u2029"],
      ["\u2027 â ✓", "\u2027 â ✓"],
      ["plain", "plain"],
      ["", ""],
    ];
    for (const [from, to] of rows) assert.equal(escapeHtmlInJson(Buffer.from(from)).toString(), to);
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const escaped = escapeHtmlInJson(Buffer.from(JSON.stringify(value))).toString();
        assert.doesNotMatch(escaped, /[<>&\u2028\u2029]/);
        assert.deepEqual(JSON.parse(escaped), JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("reads a route as Seldon's executor does", () => {
    const rows: readonly [unknown, number][] = [
      [{ data: { ndarray: [[1]] } }, 1],
      [{ data: { ndarray: [2] } }, 2],
      [[3, 4], 3],
      [
        [
          [1, 2],
          [3, 4],
        ],
        1,
      ],
      [{ data: { ndarray: [[1.9]] } }, 1],
      [{ data: { tensor: { values: [-2] } } }, -2],
      [{ data: { tftensor: { int_val: [5] } } }, 5],
      [{ data: { names: ["x"] } }, -1],
    ];
    for (const [reply, route] of rows) assert.equal(routeOf("r", reply), route, JSON.stringify(reply));
    for (const bad of [[], {}, { data: { ndarray: [[]] } }, { data: { ndarray: ["1"] } }, null, { strData: "x" }]) {
      assert.throws(() => routeOf("r", bad), /the reply of router r/, JSON.stringify(bad));
    }
  });

  it("averages as the Java engine did", () => {
    const tensor = (shape: number[], values: number[]) => ({ data: { tensor: { shape, values } } });
    const nd = (ndarray: unknown) => ({ data: { ndarray } });
    assert.deepEqual(
      averageMessages([tensor([2, 2], [1, 2, 3, 4]), tensor([2, 2], [3, 4, 5, 6])]),
      tensor([2, 2], [2, 3, 4, 5]),
    );
    assert.deepEqual(averageMessages([nd([[1, 2]]), nd([[3, 4]]), nd([[5, 9]])]), nd([[3, 5]]));
    assert.deepEqual(averageMessages([nd([[7]])]), nd([[7]]));
    assert.throws(() => averageMessages([]), /Combiner received no inputs/);
    assert.throws(() => averageMessages([{ strData: "x" }]), /tensor and ndarray/);
    assert.throws(() => averageMessages([nd([1, 2])]), /not 2 dimensional/);
    assert.throws(() => averageMessages([nd([[1]]), nd([[1], [2]])]), /Expected batch length 1 but found 2/);
    assert.throws(() => averageMessages([tensor([1, 2], [1])]), /2 values, but it has 1/);
  });

  it("draws the same numbers from the same seed, evenly", () => {
    const draw = (seed: number) => Array.from({ length: 1000 }, seededRandom(seed));
    assert.deepEqual(draw(1337), draw(1337));
    assert.notDeepEqual(draw(1337), draw(1338));
    const below = draw(1337).filter((one) => one < 0.5).length;
    assert.ok(below > 430 && below < 570, String(below));
  });

  it("reads images, annotations, durations and flags", () => {
    assert.deepEqual(imageLabels("host:5000/a/b:1.2"), { model_image: "host:5000/a/b", model_version: "1.2" });
    assert.deepEqual(imageLabels("host:5000/a"), { model_image: "host:5000/a", model_version: "" });
    assert.deepEqual(imageLabels("a@sha256:00"), { model_image: "a", model_version: "" });
    const read = readAnnotations('a="x=y"\n\nseldon.io/rest-timeout="100"\nseldon.io/grpc-timeout="x"\n');
    assert.deepEqual([read.restTimeoutMs, read.grpcTimeoutMs, read.warnings.length], [100, 0, 1]);
    assert.deepEqual(["1m30s", "500ms", "0", "15"].map(durationMs), [90_000, 500, 0, undefined]);
    const flags = parseFlags(["-sdep", "d", "--namespace=n", "-predictor=p", "--debug", "--http_port=0"], {});
    assert.ok(flags.kind === "options" && flags.options.logLevel === "debug" && flags.options.httpPort === 0);
    assert.equal(parseFlags(["--sdep=d"], {}).kind, "wrong");
  });
});

describe("a graph", () => {
  const says = (graph: unknown): string =>
    graphOf(graph)
      .problems.map((one) => one.message)
      .join("; ");

  it("is refused with every reason", async () => {
    const router = { name: "r", type: "ROUTER", endpoint };
    assert.match(says({ ...router, children: [leaf("a"), { name: "b" }] }), /no endpoint/);
    assert.match(says({ name: "m", type: "MODEL" }), /the node is called, but has no endpoint/);
    assert.match(says({ ...leaf("m"), type: "MODLE" }), /type "MODLE" is not one of/);
    assert.match(says({ name: "ab", implementation: "RANDOM_ABTEST", children: [leaf("a")] }), /exactly 2 children/);
    assert.match(says(undefined), /no graph/);
    let deep: unknown = leaf("x");
    for (let i = 0; i < 80; i += 1) deep = { ...leaf(`n${i}`), children: [deep] };
    assert.match(says(deep), /deeper than 64/);
    assert.match(says({ ...leaf("m"), children: [leaf("a"), leaf("b")] }), /only the first one's answer is used/);
    assert.match(
      (await graphOfFile("spec: {predictors: [{name: q}]}", IDENTITY, LOCAL)).problems[0]?.message ?? "",
      /has: q/,
    );
    assert.match((await graphOfFile("a: [", IDENTITY, LOCAL)).problems[0]?.message ?? "", /not YAML/);
  });

  it("obeys forced branches only where it may", () => {
    const { value } = graphOf({ name: "r", type: "ROUTER", endpoint, children: [leaf("a"), leaf("b")] });
    assert.ok(value !== undefined);
    assert.equal(forcedBranches(value, "r=1").size, 0);
    const open = { ...value, allowBranches: true };
    assert.deepEqual([...forcedBranches(open, "r=1; ")], [["r", 1]]);
    for (const bad of ["a=0", "zz=0", "r=x", "r"]) assert.throws(() => forcedBranches(open, bad), bad);
  });

  it("tells routing and path within 4 kB", () => {
    const many = new Map(Array.from({ length: 2000 }, (_, i) => [`node-${i}`, -1] as const));
    assert.ok(routingHeader(many).length <= 4096);
    assert.match(routingHeader(many), /=-1$/);
    assert.equal(routingHeader(new Map([["a b", 1]])), "a%20b=1");
    assert.equal(pathHeader([{ node: "a", operation: "predict", durationMs: 1.26 }]), "a/predict=1.3");
  });
});
