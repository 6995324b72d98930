import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import type { Json, JsonObject } from "#proto/json/json.ts";
import { startProcess, type OrchestratorProcess } from "../tests/orchestrator-process.ts";
import { callGrpc } from "../tests/orchestrator.ts";
import { messagesOf } from "../tests/protocol-messages.ts";
import { startBinaryNode } from "./binary-node.ts";
import { freePort } from "../../scripts/free-port-for-tests.ts";
import { answers, runForJson, startServer, V2_ENV, type ServerProcess } from "./python-process.ts";

let server: ServerProcess | undefined;
let httpPort = 0;
let grpcPort = 0;

async function startMlserver(): Promise<void> {
  [httpPort, grpcPort] = [await freePort(), await freePort()];
  const metricsPort = await freePort();
  server = await startServer(
    join(V2_ENV, "mlserver"),
    ["start", "."],
    {
      cwd: join(import.meta.dirname, "v2-models"),
      env: {
        MLSERVER_HTTP_PORT: String(httpPort),
        MLSERVER_GRPC_PORT: String(grpcPort),
        MLSERVER_METRICS_PORT: String(metricsPort),
      },
    },
    () => answers(`http://127.0.0.1:${httpPort}/v2/health/ready`),
  );
}

function node(name: string, children: readonly JsonObject[] = []): JsonObject {
  const endpoint = { service_host: "127.0.0.1", service_port: httpPort, httpPort, grpcPort };
  return { name, type: "MODEL", endpoint, children };
}

async function withGraph(
  graph: JsonObject,
  check: (orchestrator: OrchestratorProcess) => Promise<void>,
): Promise<void> {
  const encoded = Buffer.from(JSON.stringify({ name: "main", graph })).toString("base64");
  const orchestrator = await startProcess(["--protocol", "v2"], { ENGINE_PREDICTOR: encoded });
  try {
    await check(orchestrator);
  } finally {
    await orchestrator.end("SIGTERM");
  }
}

const REQUEST = { id: "one", inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], data: [1.5, 2.5] }] };
const INFER = "/inference.GRPCInferenceService/ModelInfer";

async function postJson(
  orchestrator: OrchestratorProcess,
  path: string,
  body: Json | Buffer,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly body: JsonObject }> {
  const response = await fetch(`http://127.0.0.1:${orchestrator.httpPort}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as JsonObject };
}

function outputOf(body: JsonObject): JsonObject {
  const [first] = body["outputs"] as readonly JsonObject[];
  assert.ok(first, JSON.stringify(body));
  return first;
}

/** What Triton's client was told, by its question. */
async function triton(mode: "http" | "http-json" | "grpc", orchestrator: OrchestratorProcess, model: string) {
  const port = mode === "grpc" ? orchestrator.grpcPort : orchestrator.httpPort;
  const script = join(import.meta.dirname, "clients", "triton_client.py");
  const lines = (await runForJson(
    join(V2_ENV, "python"),
    [script, mode, `127.0.0.1:${port}`, model],
    import.meta.dirname,
  )) as readonly { what: string; answer: Json }[];
  const said = new Map(lines.map((line) => [line.what, line.answer]));
  for (const question of ["server live", "server ready", "model ready"]) {
    assert.equal(said.get(question), true, question);
  }
  assert.equal((said.get("model metadata") as JsonObject)["name"], model);
  assert.equal(typeof (said.get("server metadata") as JsonObject)["name"], "string");
  assert.equal(said.get("id"), "my-id");
  return said;
}

describe("MLServer and Triton's client", { timeout: 280_000 }, () => {
  before(startMlserver);
  after(() => server?.stop());

  it("one model over REST: infer, ready, metadata, gzip", async () => {
    await withGraph(node("double"), async (orchestrator) => {
      for (const path of ["/v2/models/double/infer", "/v2/models/infer"]) {
        const { status, body } = await postJson(orchestrator, path, REQUEST);
        assert.equal(status, 200, JSON.stringify(body));
        assert.deepEqual([outputOf(body)["data"], body["id"], body["model_name"]], [[3, 5], "one", "double"]);
      }
      const packed = gzipSync(JSON.stringify(REQUEST));
      const zipped = await postJson(orchestrator, "/v2/models/infer", packed, { "content-encoding": "gzip" });
      assert.deepEqual(outputOf(zipped.body)["data"], [3, 5]);
      const url = `http://127.0.0.1:${orchestrator.httpPort}`;
      assert.ok(await answers(`${url}/v2/health/ready`));
      assert.ok(await answers(`${url}/v2/models/double/ready`));
      const metadata = (await (await fetch(`${url}/v2/models/double`)).json()) as JsonObject;
      assert.deepEqual([metadata["name"], metadata["platform"]], ["double", "interop"]);
    });
  });

  it("a chain of two over REST", async () => {
    await withGraph(node("double", [node("plus-one")]), async (orchestrator) => {
      const { status, body } = await postJson(orchestrator, "/v2/models/infer", REQUEST);
      assert.equal(status, 200, JSON.stringify(body));
      assert.deepEqual([outputOf(body)["data"], body["model_name"], body["id"]], [[4, 6], "plus-one", "one"]);
    });
  });

  it("a chain of two over gRPC", async () => {
    await withGraph(node("double", [node("plus-one")]), async (orchestrator) => {
      const messages = messagesOf(INFER);
      assert.ok(messages);
      const request = {
        model_name: "",
        id: "two",
        inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], contents: { fp32_contents: [1.5, 2.5] } }],
      };
      const answer = await callGrpc(orchestrator.grpcPort, INFER, messages.encodeRequest(request));
      assert.equal(answer.code, 0, answer.details);
      const reply = messages.decodeReply(answer.raw) as JsonObject;
      assert.deepEqual((outputOf(reply)["contents"] as JsonObject)["fp32_contents"], [4, 6]);
    });
  });

  for (const [what, more] of [
    ["one model", 0],
    ["a chain", 1],
  ] as const) {
    const graph = () => (more === 1 ? node("double", [node("plus-one")]) : node("double"));
    const large = [[String(18014398509481986n + BigInt(more)), String(8 + more)]];

    it(`Triton's client over REST in JSON: ${what}`, async () => {
      await withGraph(graph(), async (orchestrator) => {
        const said = await triton("http-json", orchestrator, "double");
        for (const way of ["infer", "gzip", "gzip answer"])
          assert.deepEqual(said.get(way), [[3 + more, 5 + more]], way);
        assert.deepEqual(said.get("int64"), large);
      });
    });

    it(`Triton's client over gRPC, raw contents and a stream: ${what}`, async () => {
      await withGraph(graph(), async (orchestrator) => {
        const said = await triton("grpc", orchestrator, "double");
        assert.deepEqual(said.get("infer"), [[3 + more, 5 + more]]);
        assert.deepEqual(said.get("int64"), large);
        const streamed = [0, 1, 2].map((i) => [[3 + 2 * i + more, 5 + 2 * i + more]]);
        assert.deepEqual(said.get("stream"), streamed);
      });
    });

    it(`Triton's client over REST with binary tensors, which MLServer does not read: ${what}`, async () => {
      const binary = await startBinaryNode();
      try {
        const endpoint = { service_host: "127.0.0.1", service_port: binary.port, httpPort: binary.port, grpcPort: 0 };
        const child = { name: "second", type: "MODEL", endpoint };
        const one = { name: "same", type: "MODEL", endpoint, children: more === 1 ? [child] : [] };
        await withGraph(one, async (orchestrator) => {
          const said = await triton("http", orchestrator, "same");
          for (const way of ["infer", "gzip answer"]) assert.deepEqual(said.get(way), [[1.5, 2.5]], way);
          assert.deepEqual(said.get("int64"), [["9007199254740993", "4"]]);
        });
      } finally {
        await binary.stop();
      }
    });
  }
});
