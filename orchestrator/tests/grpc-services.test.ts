import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inference } from "#proto/gen/inference.js";
import { collect, TestClient } from "./grpc-client.ts";
import { startChain, startGrpcNode, type GrpcNode, type StreamHandler, type UnaryHandler } from "./grpc-node.ts";
import { framed, RawClient } from "./raw-http2.ts";

const V2 = "/inference.GRPCInferenceService/";
const PREDICTION = "/tensorflow.serving.PredictionService/";
const MODELS = "/tensorflow.serving.ModelService/";
const NOTHING = Buffer.alloc(0);

function v2(name: keyof typeof inference, value: object): Buffer {
  const type = inference[name] as unknown as { encode(value: object): { finish(): Uint8Array } };
  return Buffer.from(type.encode(value).finish());
}

const tensor = (data: number) => ({ name: "x", datatype: "INT64", shape: [1], contents: { int64Contents: [data] } });
const request = (modelName: string, data: number) => v2("ModelInferRequest", { modelName, inputs: [tensor(data)] });
const response = (modelName: string, data: number) => v2("ModelInferResponse", { modelName, outputs: [tensor(data)] });
const valueOf = (message: Buffer): number =>
  Number(inference.ModelInferRequest.decode(message).inputs[0]?.contents?.int64Contents?.[0]);
const answerOf = (message: Buffer): number =>
  Number(inference.ModelInferResponse.decode(message).outputs[0]?.contents?.int64Contents?.[0]);

/** Adds one to what it gets. */
const addOne: UnaryHandler = (message) => response("m", valueOf(message) + 1);

/** Answers n with n messages. */
const countTo: StreamHandler = (call) => {
  call.on("data", (message: Buffer) => {
    const count = valueOf(message);
    if (count === 99) call.write(v2("ModelStreamInferResponse", { errorMessage: "not 99" }));
    for (let i = 1; i <= count && count < 99; i += 1) {
      const inferResponse = inference.ModelInferResponse.decode(response("m", i));
      call.write(v2("ModelStreamInferResponse", { inferResponse }));
    }
  });
  call.on("end", () => {
    call.end();
  });
};

interface Bed {
  readonly client: TestClient;
  readonly port: number;
  readonly nodes: readonly GrpcNode[];
}

async function withBed(
  protocol: "seldon" | "tensorflow" | "v2",
  names: readonly string[],
  unary: Readonly<Record<string, UnaryHandler>>,
  streams: Readonly<Record<string, StreamHandler>>,
  check: (bed: Bed) => Promise<void>,
): Promise<void> {
  const nodes = await Promise.all(names.map(() => startGrpcNode(unary, streams)));
  const app = await startChain(
    protocol,
    nodes.map((node, i) => ({ name: names[i] ?? "", node })),
  );
  const client = new TestClient(app.grpcPort);
  try {
    await check({ client, port: app.grpcPort, nodes });
  } finally {
    client.close();
    await app.stop();
    for (const node of nodes) node.stop();
  }
}

describe("the V2 service", { concurrency: 4, timeout: 600_000 }, () => {
  it("speaks of the server itself without asking a node", async () => {
    await withBed("v2", ["a"], {}, {}, async ({ client, nodes }) => {
      assert.equal((await client.call(`${V2}ServerLive`, NOTHING)).reply.toString("hex"), "0801");
      assert.equal((await client.call(`${V2}ServerReady`, NOTHING)).reply.toString("hex"), "0801");
      const { reply } = await client.call(`${V2}ServerMetadata`, NOTHING);
      const { name, extensions } = inference.ServerMetadataResponse.decode(reply);
      assert.equal(name, "graphway");
      assert.ok(extensions.includes("binary_tensor_data"));
      nodes[0]?.stop();
      assert.equal((await client.call(`${V2}ServerLive`, NOTHING)).reply.toString("hex"), "0801");
      let ready = "0801";
      for (let i = 0; i < 100 && ready !== ""; i += 1) {
        ready = (await client.call(`${V2}ServerReady`, NOTHING)).reply.toString("hex");
      }
      assert.equal(ready, "");
    });
  });

  it("asks the node that a model is", async () => {
    const unary: Record<string, UnaryHandler> = {
      [`${V2}ModelReady`]: (message) => v2("ModelReadyResponse", { ready: message.toString("latin1").includes("b") }),
      [`${V2}ModelMetadata`]: (message) => v2("ModelMetadataResponse", inference.ModelMetadataRequest.decode(message)),
      [`${V2}ModelInfer`]: addOne,
    };
    await withBed("v2", ["a", "b"], unary, {}, async ({ client, nodes }) => {
      const ready = await client.call(`${V2}ModelReady`, v2("ModelReadyRequest", { name: "b" }));
      assert.deepEqual([ready.code, ready.reply.toString("hex")], [0, "0801"]);
      assert.equal((await client.call(`${V2}ModelReady`, v2("ModelReadyRequest", { name: "a" }))).reply.length, 0);
      const metadata = await client.call(`${V2}ModelMetadata`, v2("ModelMetadataRequest", { name: "b" }));
      assert.equal(inference.ModelMetadataResponse.decode(metadata.reply).name, "b");
      assert.deepEqual(nodes[1]?.calls, [`${V2}ModelReady`, `${V2}ModelMetadata`]);
      const unknown = await client.call(`${V2}ModelReady`, v2("ModelReadyRequest", { name: "zz" }));
      assert.deepEqual([unknown.code, unknown.details], [5, "Failed to find model zz"]);
      const infer = await client.call(`${V2}ModelInfer`, request("", 5), { metadata: { "seldon-puid": "mine" } });
      assert.deepEqual([infer.code, answerOf(infer.reply)], [0, 7], infer.details);
      assert.equal(infer.metadata["seldon-puid"], "mine");
      assert.equal((await client.call(`${V2}ModelInfer`, Buffer.from("ffffff", "hex"))).code, 3);
    });
  });

  it("says of the rest that it is not served", async () => {
    await withBed("v2", ["a"], {}, {}, async ({ client }) => {
      for (const name of ["ModelConfig", "RepositoryIndex", "SystemSharedMemoryStatus", "CudaSharedMemoryRegister"]) {
        const { code, details } = await client.call(`${V2}${name}`, NOTHING);
        assert.deepEqual([code, details], [12, `method ${name} not implemented`]);
      }
      assert.equal((await client.call("/seldon.protos.Seldon/Predict", NOTHING)).code, 12);
      assert.equal((await client.call("/grpc.health.v1.Health/Check", NOTHING)).code, 0);
    });
  });
});

describe("ModelStreamInfer", { concurrency: 4, timeout: 600_000 }, () => {
  async function ask(client: TestClient, values: readonly number[]) {
    const stream = client.open(`${V2}ModelStreamInfer`);
    const all = collect(stream);
    for (const value of values) stream.write(request("", value));
    stream.end();
    const { messages, code, details } = await all;
    const said = messages.map((one) => {
      const { errorMessage, inferResponse } = inference.ModelStreamInferResponse.decode(one);
      const infer = inference.ModelInferResponse.encode(inferResponse ?? {}).finish();
      return errorMessage || answerOf(Buffer.from(infer));
    });
    return { said, code, details };
  }

  it("walks the graph per message; nodes that don't stream are asked once whether they do", async () => {
    await withBed("v2", ["a", "b"], { [`${V2}ModelInfer`]: addOne }, {}, async ({ client, nodes }) => {
      const values = Array.from({ length: 50 }, (_, i) => i);
      const { said, code, details } = await ask(client, values);
      assert.equal(code, 0, details);
      assert.deepEqual(
        said,
        values.map((one) => one + 2),
      );
      assert.deepEqual(nodes[1]?.calls.length, 50);
    });
  });

  it("passes on what the last node streams: none, one or many per message", async () => {
    const streams = { [`${V2}ModelStreamInfer`]: countTo };
    await withBed("v2", ["a", "b"], { [`${V2}ModelInfer`]: addOne }, streams, async ({ client, nodes }) => {
      const { said, code } = await ask(client, [0, -1, 2, 98, 0]);
      assert.equal(code, 0);
      assert.deepEqual(said, [1, 1, 2, 3, "not 99", 1]);
      assert.deepEqual(new Set(nodes[0]?.calls), new Set([`${V2}ModelInfer`]));
      assert.deepEqual(new Set(nodes[1]?.calls), new Set([`${V2}ModelStreamInfer`]));
    });
  });

  it("tells errors in their place and goes on", async () => {
    const fails: UnaryHandler = (message) => {
      if (valueOf(message) === 2) throw Object.assign(new Error(), { code: 3, details: "no twos" });
      return addOne(message, {});
    };
    await withBed("v2", ["a"], { [`${V2}ModelInfer`]: fails }, {}, async ({ client }) => {
      assert.deepEqual((await ask(client, [1, 2, 3])).said, [2, "no twos", 4]);
    });
  });

  it("ends with its client, and holds back for one that does not read", async () => {
    let cancelled = 0;
    let written = 0;
    const endless: StreamHandler = (call) => {
      call.on("cancelled", () => (cancelled += 1));
      const inferResponse = { modelName: "x".repeat(50_000) };
      const more = (): void => {
        while (!call.cancelled && call.write(v2("ModelStreamInferResponse", { inferResponse }))) written += 1;
      };
      call.on("drain", more);
      call.once("data", more);
    };
    await withBed("v2", ["a"], {}, { [`${V2}ModelStreamInfer`]: endless }, async ({ port }) => {
      // grpc-js reads on whether anybody wants its messages or not.
      const raw = await RawClient.open(port);
      raw.send(1, 4, 1, raw.block(`${V2}ModelStreamInfer`));
      raw.send(0, 0, 1, framed(request("a", 1)));
      let before = -1;
      while (written !== before || written === 0) {
        before = written;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      assert.ok(written * 50_000 < 12_000_000, `${written} messages`);
      raw.send(3, 0, 1, Buffer.from([0, 0, 0, 8]));
      for (let i = 0; i < 3000 && cancelled === 0; i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
      assert.equal(cancelled, 1);
      raw.close();
    });
  });
});

describe("the services of TensorFlow Serving", { concurrency: 4, timeout: 600_000 }, () => {
  const SPEC = Buffer.from("0a030a0161", "hex"); // model_spec { name: "a" }
  const echo: UnaryHandler = (message) => message;
  const unary = {
    [`${PREDICTION}Predict`]: () => Buffer.from("12030a0161", "hex"),
    [`${PREDICTION}Classify`]: echo,
    [`${PREDICTION}Regress`]: echo,
    [`${PREDICTION}MultiInference`]: echo,
    [`${PREDICTION}GetModelMetadata`]: echo,
    [`${MODELS}GetModelStatus`]: echo,
  };

  it("serves a graph of one node", async () => {
    await withBed("tensorflow", ["a"], unary, {}, async ({ client }) => {
      for (const method of ["Classify", "Regress", "MultiInference", "GetModelMetadata"]) {
        const { code, reply, details } = await client.call(`${PREDICTION}${method}`, SPEC);
        assert.deepEqual([code, reply.toString("hex")], [0, SPEC.toString("hex")], `${method}: ${details}`);
      }
      assert.equal((await client.call(`${MODELS}GetModelStatus`, SPEC)).code, 0);
      assert.equal((await client.call(`${PREDICTION}Predict`, SPEC)).reply.toString("hex"), "12030a0161");
    });
  });

  it("survives messages without model_spec", async () => {
    await withBed("tensorflow", ["a"], unary, {}, async ({ client }) => {
      for (const path of [`${PREDICTION}GetModelMetadata`, `${MODELS}GetModelStatus`]) {
        const { code, details } = await client.call(path, NOTHING);
        assert.deepEqual([code, details], [3, "Missing ModelSpec"]);
      }
      assert.equal((await client.call(`${PREDICTION}Predict`, NOTHING)).code, 0);
      const reload = await client.call(`${MODELS}HandleReloadConfigRequest`, NOTHING);
      assert.deepEqual([reload.code, reload.details], [12, "Not implemented"]);
    });
  });

  it("says what can't be chained", async () => {
    await withBed("tensorflow", ["a", "b"], unary, {}, async ({ client, nodes }) => {
      const { code, details } = await client.call(`${PREDICTION}Regress`, SPEC);
      assert.equal(code, 9);
      assert.match(details, /^Regress can't be handed on/);
      assert.equal((await client.call(`${MODELS}GetModelStatus`, SPEC)).code, 0);
      assert.deepEqual([nodes[0]?.calls.length, nodes[1]?.calls.length], [1, 0]);
    });
  });
});
