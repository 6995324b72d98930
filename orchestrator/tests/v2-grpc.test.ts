import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JsonObject } from "#proto/json/json.ts";
import { callGrpc, startBed, type Replies, type TestBed, type TestNode } from "./orchestrator.ts";
import { messagesOf } from "./protocol-messages.ts";

const SERVICE = "/inference.GRPCInferenceService";
const GRPC = { NOT_FOUND: 5, INTERNAL: 13 };

const leaf = (name: string): TestNode => ({ name, type: "MODEL", children: [] });
const chain: TestNode = { ...leaf("a"), children: [leaf("b")] };

async function withBed(graph: TestNode, replies: Replies, test: (bed: TestBed) => Promise<void>): Promise<void> {
  const bed = await startBed(graph, replies, { flags: ["--protocol", "v2"] });
  try {
    await test(bed);
  } finally {
    await bed.stop();
  }
}

async function ask(bed: TestBed, method: string, request: JsonObject) {
  const messages = messagesOf(`${SERVICE}/${method}`);
  assert.ok(messages !== undefined);
  const { code, details, raw } = await callGrpc(
    bed.app.grpcPort,
    `${SERVICE}/${method}`,
    messages.encodeRequest(request),
  );
  return { code, details, reply: code === 0 ? messages.decodeReply(raw) : undefined };
}

const asked = (bed: TestBed): string[] => bed.calls.map((one) => `${one.node}:${one.operation}`);
/** The model name of every message that a node got. */
const named = (bed: TestBed): unknown[] => bed.calls.map((one) => (one.body as JsonObject)["model_name"]);

const REPLY = {
  model_name: "a",
  model_version: "3",
  id: "7",
  parameters: { p: { int64_param: "9007199254740993" } },
  outputs: [{ name: "o", datatype: "FP32", shape: ["1"] }],
  raw_output_contents: ["AACAPw=="],
};

describe("chains of v2 over gRPC", { concurrency: 4 }, () => {
  it("outputs, raw contents, id and parameters go on; names are the nodes' own", () =>
    withBed(chain, { "a/ModelInfer": { body: REPLY }, "b/ModelInfer": { body: { model_name: "b" } } }, async (bed) => {
      for (const model_name of ["", "a", "b", "iris", "main"]) {
        bed.calls.length = 0;
        const request = { model_name, id: "7", inputs: [{ name: "x" }] };
        assert.deepEqual(await ask(bed, "ModelInfer", request), { code: 0, details: "", reply: { model_name: "b" } });
        assert.deepEqual(named(bed), ["a", "b"]);
        assert.deepEqual(bed.calls[1]?.body, {
          model_name: "b",
          id: "7",
          parameters: REPLY.parameters,
          inputs: REPLY.outputs,
          raw_input_contents: REPLY.raw_output_contents,
        });
      }
      bed.calls.length = 0;
      await ask(bed, "ModelInfer", { model_name: "zz" });
      assert.deepEqual(named(bed), ["zz", "zz"], "a name that is nobody's goes to all nodes");
    }));

  it("a graph of one node is asked under the client's name, its bytes untouched", () =>
    withBed(leaf("a"), { "a/ModelInfer": { body: REPLY } }, async (bed) => {
      const request = { model_name: "zz", model_version: "2", inputs: [{ name: "x" }] };
      assert.deepEqual((await ask(bed, "ModelInfer", request)).reply, REPLY);
      assert.deepEqual(bed.calls[0]?.body, request);
    }));

  it("a reply that is no message is an error, and nothing ends", () =>
    withBed(chain, { "a/ModelInfer": { base64: "Kv8=" } }, async (bed) => {
      const answer = await ask(bed, "ModelInfer", {});
      assert.equal(answer.code, GRPC.INTERNAL);
      assert.match(answer.details, /not an encoded ModelInferResponse/);
      assert.equal((await ask(bed, "ServerLive", {})).code, 0);
    }));

  it("status and metadata are the node's, by name or model name; an unknown one is NOT_FOUND", () =>
    withBed(
      { ...leaf("a"), children: [{ ...leaf("b"), parameters: [{ name: "model_name", value: "m", type: "STRING" }] }] },
      { "b/ModelReady": { body: { ready: true } }, "b/ModelMetadata": { body: { name: "m", platform: "p" } } },
      async (bed) => {
        for (const name of ["b", "m"])
          assert.deepEqual((await ask(bed, "ModelReady", { name })).reply, { ready: true });
        assert.deepEqual((await ask(bed, "ModelMetadata", { name: "b" })).reply, { name: "m", platform: "p" });
        assert.deepEqual(
          bed.calls.map((one) => one.body),
          [{ name: "m" }, { name: "m" }, { name: "m" }],
        );
        const unknown = await ask(bed, "ModelReady", { name: "zz" });
        assert.deepEqual([unknown.code, unknown.details], [GRPC.NOT_FOUND, "Failed to find model zz"]);
      },
    ));
});

describe("roles of v2 over gRPC", { concurrency: 4 }, () => {
  const router: TestNode = { name: "r", type: "ROUTER", children: [leaf("a"), leaf("b")] };
  for (const [says, output, raw] of [
    ["typed int64", { datatype: "INT64", contents: { int64_contents: ["1"] } }, undefined],
    ["typed fp32", { datatype: "FP32", contents: { fp32_contents: [1.75] } }, undefined],
    ["typed bool", { datatype: "BOOL", contents: { bool_contents: [true] } }, undefined],
    ["raw int64", { datatype: "INT64" }, "AQAAAAAAAAA="],
    ["raw fp16", { datatype: "FP16" }, "ADw="],
    ["raw uint8", { datatype: "UINT8" }, "AQ=="],
  ] as const) {
    it(`a router's branch is the first element of its first output: ${says}`, () =>
      withBed(
        router,
        {
          "r/ModelInfer": { body: { outputs: [output], ...(raw === undefined ? {} : { raw_output_contents: [raw] }) } },
          "b/ModelInfer": { body: { model_name: "b" } },
        },
        async (bed) => {
          assert.deepEqual((await ask(bed, "ModelInfer", { id: "7" })).reply, { model_name: "b" });
          assert.deepEqual(asked(bed), ["r:ModelInfer", "b:ModelInfer"]);
          assert.deepEqual(
            bed.calls[1]?.body,
            { model_name: "b", id: "7" },
            "the branch gets the request, not the route",
          );
        },
      ));
  }

  for (const [says, body] of [
    ["no output", {}],
    ["no element", { outputs: [{ datatype: "INT64" }] }],
    ["text", { outputs: [{ datatype: "BYTES", contents: { bytes_contents: ["AQ=="] } }] }],
    ["out of range", { outputs: [{ datatype: "INT32", contents: { int_contents: [5] } }] }],
    ["cut off", { outputs: [{ datatype: "INT64" }], raw_output_contents: ["AQ=="] }],
  ] as const) {
    it(`a router that names no branch is a clean error: ${says}`, () =>
      withBed(router, { "r/ModelInfer": { body } }, async (bed) => {
        const answer = await ask(bed, "ModelInfer", {});
        assert.equal(answer.code, GRPC.INTERNAL);
        assert.match(answer.details, /router r/);
      }));
  }

  it("routes -1 and -2: all children, and the request given back as a reply", async () => {
    const reply = (branch: number) => ({
      body: { outputs: [{ datatype: "INT32", contents: { int_contents: [branch] } }] },
    });
    await withBed(router, { "r/ModelInfer": reply(-2) }, async (bed) => {
      const request = { model_name: "m", id: "7", inputs: [{ name: "x" }], raw_input_contents: ["AQ=="] };
      const given = { model_name: "m", id: "7", outputs: [{ name: "x" }], raw_output_contents: ["AQ=="] };
      assert.deepEqual((await ask(bed, "ModelInfer", request)).reply, given);
    });
    const both = { "a/ModelInfer": { body: { model_name: "a" } }, "b/ModelInfer": { body: { model_name: "b" } } };
    await withBed(router, { "r/ModelInfer": reply(-1), ...both }, async (bed) => {
      assert.deepEqual((await ask(bed, "ModelInfer", {})).reply, { model_name: "a" });
      assert.deepEqual(asked(bed).toSorted(), ["a:ModelInfer", "b:ModelInfer", "r:ModelInfer"]);
    });
  });

  it("transformers, and a combiner whose children answer raw and typed", () =>
    withBed(
      {
        name: "out",
        type: "OUTPUT_TRANSFORMER",
        children: [
          {
            name: "in",
            type: "TRANSFORMER",
            children: [{ name: "c", type: "COMBINER", children: [leaf("a"), leaf("b")] }],
          },
        ],
      },
      {
        "in/ModelInfer": { body: { outputs: [{ name: "t" }] } },
        "a/ModelInfer": { body: REPLY },
        "b/ModelInfer": {
          body: { outputs: [{ name: "q", datatype: "INT16", shape: ["2"], contents: { int_contents: [-2, 1] } }] },
        },
        "c/ModelInfer": { body: { outputs: [{ name: "sum" }] } },
        "out/ModelInfer": { body: { model_name: "out" } },
      },
      async (bed) => {
        assert.deepEqual((await ask(bed, "ModelInfer", {})).reply, { model_name: "out" });
        const combined = bed.calls.find((one) => one.node === "c");
        assert.deepEqual(combined?.body, {
          model_name: "c",
          id: "7",
          inputs: [
            { name: "a.o", datatype: "FP32", shape: ["1"] },
            { name: "b.q", datatype: "INT16", shape: ["2"] },
          ],
          raw_input_contents: ["AACAPw==", "/v8BAA=="],
        });
        assert.deepEqual(bed.calls.at(-1)?.body, { model_name: "out", inputs: [{ name: "sum" }] });
      },
    ));

  it("a gRPC client before REST nodes", () =>
    withBed(
      { ...leaf("a"), endpoint: { type: "REST", grpcPort: 0 }, children: [leaf("b")] },
      {
        "a/v2/models/a/infer": {
          text: '{"model_name":"a","outputs":[{"name":"o","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}',
        },
        "b/ModelInfer": { body: { model_name: "b" } },
      },
      async (bed) => {
        const contents = { int64_contents: ["9007199254740993"] };
        const x = { name: "x", datatype: "INT64", shape: ["1"], contents };
        assert.deepEqual((await ask(bed, "ModelInfer", { inputs: [x] })).reply, { model_name: "b" });
        const sent = '{"inputs":[{"name":"x","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}';
        assert.equal(bed.calls[0]?.raw.toString(), sent);
        assert.deepEqual(bed.calls[1]?.body, { model_name: "b", inputs: [{ ...x, name: "o" }] });
      },
    ));

  it("a client that asks in raw contents is answered in them by a REST node too", () =>
    withBed(
      { ...leaf("a"), endpoint: { type: "REST", grpcPort: 0 } },
      { "a/v2/models/a/infer": { text: '{"outputs":[{"name":"o","datatype":"INT16","shape":[1],"data":[-2]}]}' } },
      async (bed) => {
        const o = { name: "o", datatype: "INT16", shape: ["1"] };
        const raw = { inputs: [{ ...o, name: "x" }], raw_input_contents: ["/v8="] };
        assert.deepEqual((await ask(bed, "ModelInfer", raw)).reply, { outputs: [o], raw_output_contents: ["/v8="] });
        const typed = { inputs: [{ ...o, name: "x", contents: { int_contents: [-2] } }] };
        const contents = { int_contents: [-2] };
        assert.deepEqual((await ask(bed, "ModelInfer", typed)).reply, { outputs: [{ ...o, contents }] });
      },
    ));
});
