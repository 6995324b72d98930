import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { startBed, type Replies, type TestBed, type TestNode } from "./orchestrator.ts";

const flags = ["--protocol", "kfserving"];
const JSON_TYPE = { "content-type": "application/json" };

function chainOf(...names: readonly string[]): TestNode {
  return names.reduceRight<TestNode | undefined>(
    (child, name) => ({ name, type: "MODEL", children: child === undefined ? [] : [child] }),
    undefined,
  ) as TestNode;
}

async function post(bed: TestBed, path: string, body: string | Buffer, headers: Record<string, string> = JSON_TYPE) {
  const response = await fetch(bed.url + path, { method: "POST", body: new Uint8Array(Buffer.from(body)), headers });
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}

async function withBed(graph: TestNode, replies: Replies, test: (bed: TestBed) => Promise<void>): Promise<void> {
  const bed = await startBed(graph, replies, { flags });
  try {
    await test(bed);
  } finally {
    await bed.stop();
  }
}

/** What the nodes were asked for, in order. */
function asked(bed: TestBed): string[] {
  return bed.calls.map((one) => `${one.node}:${one.operation}`);
}

const REPLY =
  '{"model_name":"a","id":"7","parameters":{"p":1},"outputs":[{"name":"o","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}';

describe("the REST API of v2", () => {
  let bed: TestBed;
  before(async () => {
    bed = await startBed(
      chainOf("a", "b"),
      { "a/v2/models/a": { body: { name: "a" } }, "b/v2/models/b/ready": { body: { ready: true } } },
      { flags },
    );
  });
  after(() => bed.stop());

  for (const [method, path, status] of [
    ["GET", "/v2", 200],
    ["GET", "/v2/health/live", 200],
    ["GET", "/v2/health/ready", 200],
    ["GET", "/v2/models/a", 200],
    ["GET", "/v2/models/b/ready", 200],
    ["GET", "/v2/models/zz", 404],
    ["GET", "/v2/models/zz/ready", 404],
    ["GET", "/v2/models/infer", 405],
    ["GET", "/v2/models/a/infer", 405],
    ["POST", "/v2/models/a/ready", 405],
    ["OPTIONS", "/v2/models/a/infer", 200],
    ["GET", "/v2/models/..", 404],
    ["POST", "/v2/models/a/infer/", 404],
    ["POST", "/v2/models/%ff/infer", 404],
    ["POST", "/api/v1.0/feedback", 404],
    ["POST", "/api/v1.0/predictions", 404],
    ["POST", "/v1/models/a:predict", 404],
    ["GET", "/v2/docs/", 200],
    ["GET", "/v2/docs/dataplane.yaml", 200],
    ["GET", "/v2/repository/index", 404],
  ] as const) {
    it(`${method} ${path} is ${status}`, async () => {
      const url = new URL(bed.url);
      const { request } = await import("node:http");
      const answered = await new Promise<number | undefined>((resolve, reject) => {
        // Not by fetch, which rewrites paths with dots.
        const call = request({ host: url.hostname, port: url.port, path, method, agent: false }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        call.on("error", reject);
        call.end();
      });
      assert.equal(answered, status);
    });
  }

  it("an unknown model's answer is one that both kinds of client read", async () => {
    const response = await fetch(`${bed.url}/v2/models/zz`);
    const info = "Failed to find model zz";
    assert.deepEqual(await response.json(), { error: info, status: { code: 404, info, status: "FAILURE" } });
    assert.equal(response.headers.get("content-type"), "application/json");
  });

  it("the page of the API runs its own script only", async () => {
    const response = await fetch(`${bed.url}/v2/docs/index.html`);
    const csp = response.headers.get("content-security-policy") ?? "";
    assert.match(csp, /default-src 'none'/);
    assert.doesNotMatch(csp, /unsafe/);
    assert.match(await response.text(), /^<!doctype html>/);
    const api = (await (await fetch(`${bed.url}/v2/docs/dataplane.yaml`)).json()) as { openapi: string };
    assert.equal(api.openapi, "3.0.3");
  });

  it("calls itself by the version of the package", async () => {
    const about = (await (await fetch(`${bed.url}/v2`)).json()) as { version: string };
    const text = readFileSync(join(import.meta.dirname, "..", "..", "package.json"), "utf8");
    const manifest = JSON.parse(text) as { version: string };
    assert.equal(about.version, manifest.version);
  });
});

describe("chains of v2 over REST", { concurrency: 4 }, () => {
  const replies = {
    "a/v2/models/a/infer": { text: REPLY },
    "b/v2/models/b/infer": { body: { model_name: "b", outputs: [] } },
  };

  it("the first node gets the client's bytes, the next one outputs as inputs, each by its own name", () =>
    withBed(chainOf("a", "b"), replies, async (bed) => {
      const request = '{ "inputs" : [ 1.0,\t9007199254740993 ] }';
      for (const path of [
        "/v2/models/infer",
        "/v2/models/a/infer",
        "/v2/models/b/infer",
        "/v2/models/iris/infer",
        "/v2/models/main/infer",
      ]) {
        bed.calls.length = 0;
        assert.equal((await post(bed, path, request)).status, 200, path);
        assert.deepEqual(asked(bed), ["a:v2/models/a/infer", "b:v2/models/b/infer"]);
        assert.equal(bed.calls[0]?.raw.toString(), request);
        assert.equal(bed.calls[1]?.raw.toString(), REPLY.replace('"outputs"', '"inputs"'));
      }
    }));

  it("a node's parameter model_name is what it is called by", () =>
    withBed(
      {
        ...chainOf("a"),
        children: [{ ...chainOf("b"), parameters: [{ name: "model_name", value: "m 2", type: "STRING" }] }],
      },
      { ...replies, "b/v2/models/m%202/infer": { body: { outputs: [] } }, "b/v2/models/m%202/ready": { body: {} } },
      async (bed) => {
        await post(bed, "/v2/models/m%202/infer", "{}");
        assert.deepEqual(asked(bed), ["a:v2/models/a/infer", "b:v2/models/m%202/infer"]);
        assert.equal((await fetch(`${bed.url}/v2/models/b/ready`)).status, 200);
        assert.equal((await fetch(`${bed.url}/v2/models/m%202/ready`)).status, 200);
      },
    ));

  it("a name that is nobody's goes to all nodes; in a graph of one node any name is the node's to judge", async () => {
    await withBed(
      chainOf("a", "b"),
      { "a/v2/models/zz/infer": { text: REPLY }, "b/v2/models/zz/infer": {} },
      async (bed) => {
        await post(bed, "/v2/models/zz/infer", "{}");
        assert.deepEqual(asked(bed), ["a:v2/models/zz/infer", "b:v2/models/zz/infer"]);
      },
    );
    const own = { "a/v2/models/zz/versions/3/infer": {}, "a/v2/models/zz/versions/3": { body: { name: "zz" } } };
    await withBed(chainOf("a"), own, async (bed) => {
      assert.equal((await post(bed, "/v2/models/zz/versions/3/infer", "{}")).status, 200);
      assert.equal((await fetch(`${bed.url}/v2/models/zz/versions/3`)).status, 200);
      const metrics = await (await fetch(`${bed.url}/metrics`)).text();
      assert.doesNotMatch(metrics, /zz/, "what a client names is no label");
    });
  });

  it("binary tensors pass through, and the header says where they begin", () =>
    withBed(
      chainOf("a", "b"),
      {
        "a/v2/models/a/infer": binaryReply(
          '{"outputs":[{"name":"o","parameters":{"binary_data_size":4}}]}',
          "00ff3e26",
        ),
        "b/v2/models/b/infer": binaryReply('{"outputs":[{"name":"<p>"}]}', "3c3e"),
      },
      async (bed) => {
        const request = Buffer.concat([Buffer.from('{"inputs":[{}]}'), Buffer.from([0, 1, 2])]);
        const headers = { "inference-header-content-length": "15", "content-type": "application/octet-stream" };
        const answer = await post(bed, "/v2/models/infer", request, headers);
        assert.deepEqual(bed.calls[0]?.raw, request);
        assert.equal(bed.calls[0].headers["inference-header-content-length"], "15");
        const second = '{"inputs":[{"name":"o","parameters":{"binary_data_size":4}}]}';
        assert.deepEqual(bed.calls[1]?.raw, Buffer.concat([Buffer.from(second), Buffer.from("00ff3e26", "hex")]));
        assert.equal(bed.calls[1].headers["inference-header-content-length"], String(second.length));
        assert.equal(answer.headers.get("inference-header-content-length"), "28");
        assert.equal(answer.bytes.toString("latin1"), '{"outputs":[{"name":"<p>"}]}<>', "not a byte is escaped");
      },
    ));

  it("a reply whose header lies is the node's fault", () =>
    withBed(
      chainOf("a", "b"),
      {
        "a/v2/models/a/infer": {
          ...binaryReply('{"outputs":[]}', ""),
          headers: { "inference-header-content-length": "99" },
        },
      },
      async (bed) => {
        const answer = await post(bed, "/v2/models/infer", "{}");
        assert.equal(answer.status, 500);
        assert.match(answer.bytes.toString(), /Inference-Header-Content-Length 99 is not within a body of 14 bytes/);
      },
    ));

  it("a reply that was compressed unasked is inflated where it must be read", () =>
    withBed(
      chainOf("a", "b"),
      { ...replies, "a/v2/models/a/infer": { base64: gzipSync(REPLY).toString("base64"), contentEncoding: "gzip" } },
      async (bed) => {
        assert.equal((await post(bed, "/v2/models/infer", "{}")).status, 200);
        assert.equal(bed.calls[1]?.raw.toString(), REPLY.replace('"outputs"', '"inputs"'));
        assert.equal(bed.calls[1].headers["content-encoding"], undefined);
      },
    ));

  it("a reply that says inputs passes; one with neither, or no object, ends the request in Seldon's words", async () => {
    const text = "Failed to convert kfserving response so it could be chained to new input";
    for (const [reply, passes] of [
      ['{"inputs":[],"outputs":1}', true],
      ['{"data":[]}', false],
      ["[]", false],
      ["not json", false],
      ["", false],
    ] as const) {
      await withBed(chainOf("a", "b"), { ...replies, "a/v2/models/a/infer": { text: reply } }, async (bed) => {
        const answer = await post(bed, "/v2/models/infer", "{}");
        if (passes) assert.equal(bed.calls[1]?.raw.toString(), reply);
        else {
          assert.equal(answer.status, 500, reply);
          const wanted = { error: text, status: { code: 500, info: text, status: "FAILURE" } };
          assert.deepEqual(JSON.parse(answer.bytes.toString()), wanted);
        }
      });
    }
  });

  it("a node's own error passes as it is", () =>
    withBed(
      chainOf("a", "b"),
      { "a/v2/models/a/infer": { status: 422, body: { error: "no such input" } } },
      async (bed) => {
        const answer = await post(bed, "/v2/models/infer", "{}");
        assert.equal(answer.status, 422);
        assert.equal(answer.bytes.toString(), '{"error":"no such input"}');
      },
    ));
});

describe("routers and combiners of v2 over REST", { concurrency: 4 }, () => {
  const router: TestNode = { name: "r", type: "ROUTER", children: [chainOf("a"), chainOf("b")] };
  const chosen = { "b/v2/models/b/infer": { body: { outputs: [] } } };

  it("a router that knows /route is read as Seldon reads it", () =>
    withBed(router, { "r/v2/models/r/route": { body: { data: { ndarray: [[1]] } } }, ...chosen }, async (bed) => {
      assert.equal((await post(bed, "/v2/models/infer", "{}")).status, 200);
      assert.deepEqual(asked(bed), ["r:v2/models/r/route", "b:v2/models/b/infer"]);
    }));

  it("one that does not is asked by infer, and from then on at once", () =>
    withBed(router, { "r/v2/models/r/infer": { body: { outputs: [{ data: [[1.9]] }] } }, ...chosen }, async (bed) => {
      for (let i = 0; i < 2; i += 1) {
        const answer = await post(bed, "/v2/models/infer", '{"inputs":[]}');
        assert.equal(answer.status, 200);
        assert.equal(answer.headers.get("x-graphway-routing")?.includes("r=1"), true);
      }
      const [first, second, third, fourth] = asked(bed);
      assert.deepEqual([first, second, third], ["r:v2/models/r/route", "r:v2/models/r/infer", "b:v2/models/b/infer"]);
      assert.equal(fourth, "r:v2/models/r/infer");
    }));

  it("a route may come in binary", () =>
    withBed(
      router,
      {
        "r/v2/models/r/infer": binaryReply(
          '{"outputs":[{"name":"route","datatype":"INT32","shape":[1],"parameters":{"binary_data_size":4}}]}',
          "01000000",
        ),
        ...chosen,
      },
      async (bed) => {
        assert.equal((await post(bed, "/v2/models/infer", "{}")).status, 200);
        assert.equal(asked(bed).at(-1), "b:v2/models/b/infer");
      },
    ));

  it("a router that names no branch is told so", () =>
    withBed(router, { "r/v2/models/r/infer": { body: { outputs: [{ data: [] }] } } }, async (bed) => {
      const answer = await post(bed, "/v2/models/infer", "{}");
      assert.equal(answer.status, 500);
      assert.match(answer.bytes.toString(), /the reply of router r names no branch/);
    }));

  const combiner: TestNode = { name: "c", type: "COMBINER", children: [chainOf("a"), chainOf("b")] };
  const a = '{"id":"x","outputs":[{"name":"o","data":[9007199254740993]}]}';
  const b = '{"outputs":[ {"data":[2],"name":"o\\u0031"} ]}';
  const children = { "a/v2/models/a/infer": { text: a }, "b/v2/models/b/infer": { text: b } };

  it("a combiner that knows /aggregate gets the replies as they are", () =>
    withBed(combiner, { ...children, "c/v2/models/c/aggregate": { body: { outputs: [] } } }, async (bed) => {
      assert.equal((await post(bed, "/v2/models/infer", "{}")).status, 200);
      assert.equal(bed.calls.at(-1)?.raw.toString(), `[${a},${b}]`);
    }));

  it("one that does not gets all outputs as inputs of one infer, named by their child", () =>
    withBed(combiner, { ...children, "c/v2/models/c/infer": { body: { outputs: [] } } }, async (bed) => {
      for (let i = 0; i < 2; i += 1) {
        assert.equal((await post(bed, "/v2/models/infer", "{}")).status, 200);
        assert.equal(
          bed.calls.at(-1)?.raw.toString(),
          '{"id":"x","inputs":[{"name":"a.o","data":[9007199254740993]},{"data":[2],"name":"b.o1"}]}',
        );
      }
      assert.equal(asked(bed).filter((one) => one === "c:v2/models/c/aggregate").length, 1);
    }));

  it("binary outputs of children follow one another", () =>
    withBed(
      combiner,
      {
        ...children,
        "b/v2/models/b/infer": binaryReply('{"outputs":[{"name":"p","parameters":{"binary_data_size":1}}]}', "7b"),
        "c/v2/models/c/infer": { body: { outputs: [] } },
      },
      async (bed) => {
        assert.equal((await post(bed, "/v2/models/infer", "{}")).status, 200);
        const json =
          '{"id":"x","inputs":[{"name":"a.o","data":[9007199254740993]},{"name":"b.p","parameters":{"binary_data_size":1}}]}';
        const call = bed.calls.at(-1);
        assert.equal(call?.raw.toString(), `${json}{`);
        assert.equal(call.headers["inference-header-content-length"], String(json.length));
      },
    ));
});

function binaryReply(json: string, tail: string) {
  return {
    base64: Buffer.concat([Buffer.from(json), Buffer.from(tail, "hex")]).toString("base64"),
    contentType: "application/octet-stream",
    headers: { "inference-header-content-length": String(json.length) },
  };
}

describe("REST and gRPC nodes in one v2 graph", { concurrency: 4 }, () => {
  const grpc = { endpoint: { type: "GRPC" } };
  const outputs = [{ name: "o", datatype: "INT64", shape: ["1"], contents: { int64_contents: ["9007199254740993"] } }];
  const rest = '{"model_name":"r","outputs":[{"name":"o","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}';

  it("a REST client before a gRPC node", () =>
    withBed(
      { ...chainOf("g"), ...grpc },
      { "g/ModelInfer": { body: { model_name: "g", id: "7", outputs } } },
      async (bed) => {
        const request = '{"id":"7","inputs":[{"name":"x","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}';
        const answer = await post(bed, "/v2/models/infer", request);
        assert.equal(
          answer.bytes.toString(),
          '{"model_name":"g","id":"7","outputs":[{"name":"o","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}',
        );
        assert.equal(answer.headers.get("content-type"), "application/json");
        const [call] = bed.calls;
        assert.equal((call?.body as Record<string, unknown>)["model_name"], "g", "the message names its model");
        assert.equal(call?.operation, "ModelInfer");
      },
    ));

  it("a chain of both", () =>
    withBed(
      { ...chainOf("r"), children: [{ ...chainOf("g"), ...grpc, children: [chainOf("s")] }] },
      {
        "r/v2/models/r/infer": { text: rest },
        "g/ModelInfer": { body: { model_name: "g", outputs } },
        "s/v2/models/s/infer": { text: '{"outputs":[]}' },
      },
      async (bed) => {
        assert.equal((await post(bed, "/v2/models/infer", '{"inputs":[]}')).bytes.toString(), '{"outputs":[]}');
        const inputs = [
          { name: "o", datatype: "INT64", shape: ["1"], contents: { int64_contents: ["9007199254740993"] } },
        ];
        assert.deepEqual(bed.calls[1]?.body, { model_name: "g", inputs });
        assert.equal(bed.calls[2]?.raw.toString(), rest.replace('"outputs"', '"inputs"').replace('"r"', '"g"'));
      },
    ));

  it("a router and a combiner by gRPC, their children by REST", () =>
    withBed(
      {
        name: "router",
        type: "ROUTER",
        ...grpc,
        children: [chainOf("a"), { name: "c", type: "COMBINER", ...grpc, children: [chainOf("r"), chainOf("q")] }],
      },
      {
        "router/ModelInfer": { body: { outputs: [{ datatype: "INT32", contents: { int_contents: [1] } }] } },
        "r/v2/models/r/infer": { text: rest },
        "q/v2/models/q/infer": { text: rest },
        "c/ModelInfer": { body: { model_name: "c" } },
      },
      async (bed) => {
        const answer = await post(bed, "/v2/models/infer", '{"inputs":[]}');
        assert.equal(answer.bytes.toString(), '{"model_name":"c","outputs":[]}');
        const { inputs } = bed.calls.at(-1)?.body as { inputs: readonly { name: string }[] };
        assert.deepEqual(
          inputs.map((one) => one.name),
          ["r.o", "q.o"],
        );
      },
    ));

  it("what a gRPC child answers and JSON can't say reaches a REST combiner as a binary tensor", () =>
    withBed(
      { name: "c", type: "COMBINER", children: [{ ...chainOf("g"), ...grpc }, chainOf("r")] },
      {
        "g/ModelInfer": {
          body: { outputs: [{ name: "o", datatype: "FP32", shape: ["1"] }], raw_output_contents: ["AADAfw=="] },
        },
        "r/v2/models/r/infer": { text: rest },
        "c/v2/models/c/infer": { text: '{"outputs":[]}' },
      },
      async (bed) => {
        assert.equal((await post(bed, "/v2/models/infer", '{"inputs":[]}')).status, 200);
        const call = bed.calls.at(-1);
        const length = Number(call?.headers["inference-header-content-length"]);
        const json = JSON.parse(call?.raw.toString("utf8", 0, length) ?? "") as { inputs: readonly { name: string }[] };
        assert.deepEqual(
          json.inputs.map((one) => one.name),
          ["g.o", "r.o"],
        );
        assert.equal(call?.raw.subarray(length).toString("hex"), "0000c07f");
      },
    ));

  it("status and metadata of a gRPC node, in JSON", () =>
    withBed(
      { ...chainOf("g"), ...grpc },
      {
        "g/ModelReady": [{ body: { ready: true } }, { body: {} }],
        "g/ModelMetadata": {
          body: { name: "g", platform: "p", inputs: [{ name: "x", datatype: "FP32", shape: ["-1", "4"] }] },
        },
      },
      async (bed) => {
        assert.deepEqual(await (await fetch(`${bed.url}/v2/models/g/ready`)).json(), { name: "g", ready: true });
        assert.equal((await fetch(`${bed.url}/v2/models/g/ready`)).status, 503);
        assert.deepEqual(await (await fetch(`${bed.url}/v2/models/g`)).json(), {
          name: "g",
          versions: [],
          platform: "p",
          inputs: [{ name: "x", datatype: "FP32", shape: [-1, 4] }],
          outputs: [],
        });
      },
    ));
});
