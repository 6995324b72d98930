import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { startBed, type TestBed } from "./orchestrator.ts";
import { asked, binaryReply, chainOf, post, V2_FLAGS, withBed } from "./v2-bed.ts";

const REPLY =
  '{"model_name":"a","id":"7","parameters":{"p":1},"outputs":[{"name":"o","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}';

describe("the REST API of v2", () => {
  let bed: TestBed;
  before(async () => {
    bed = await startBed(
      chainOf("a", "b"),
      { "a/v2/models/a": { body: { name: "a" } }, "b/v2/models/b/ready": { body: { ready: true } } },
      { flags: V2_FLAGS },
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
