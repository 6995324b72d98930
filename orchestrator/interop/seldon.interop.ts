import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Json, JsonObject } from "#proto/json/json.ts";
import { startProcess, type OrchestratorProcess } from "../tests/orchestrator-process.ts";
import { callGrpc } from "../tests/orchestrator.ts";
import { encodeRequest } from "../tests/stub-node.ts";
import { freePort } from "../../scripts/free-port-for-tests.ts";
import { answers, runForJson, SELDON_ENV, startServer, type ServerProcess } from "./python-process.ts";

interface WrapperNode {
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly metricsPort: number;
  readonly server: ServerProcess;
}

const KINDS = {
  "model-a": "Model",
  "model-b": "Model",
  router: "Router",
  transformer: "Transformer",
  combiner: "Combiner",
} as const;
type NodeName = keyof typeof KINDS;

const nodes = new Map<NodeName, WrapperNode>();

/** Seldon's real node server around a class of seldon-nodes/interop_nodes.py. */
async function startWrapper(name: NodeName): Promise<void> {
  const [httpPort, grpcPort, metricsPort] = [await freePort(), await freePort(), await freePort()];
  const kind = KINDS[name];
  const parameters = kind === "Model" ? [{ name: "name", value: name, type: "STRING" }] : [];
  const args = [
    `interop_nodes.${kind}`,
    "--service-type",
    kind.toUpperCase(),
    "--parameters",
    JSON.stringify(parameters),
  ];
  const ports = ["--http-port", httpPort, "--grpc-port", grpcPort, "--metrics-port", metricsPort].map(String);
  const server = await startServer(
    join(SELDON_ENV, "seldon-core-microservice"),
    [...args, ...ports],
    {
      cwd: join(import.meta.dirname, "seldon-nodes"),
      env: { PREDICTIVE_UNIT_ID: name, PREDICTIVE_UNIT_IMAGE: `interop/${name}:1`, PYTHONPATH: "." },
    },
    async () =>
      (await answers(`http://127.0.0.1:${httpPort}/health/ping`)) &&
      (await callGrpc(grpcPort, "/seldon.protos.Model/Metadata", Buffer.alloc(0))).code !== 14,
  );
  nodes.set(name, { httpPort, grpcPort, metricsPort, server });
}

function node(name: NodeName, fields: JsonObject = {}): JsonObject {
  const ports = nodes.get(name);
  assert.ok(ports);
  const { httpPort, grpcPort } = ports;
  const endpoint = { service_host: "127.0.0.1", service_port: httpPort, httpPort, grpcPort };
  return { name, type: KINDS[name].toUpperCase(), endpoint, ...fields };
}

async function withGraph(
  graph: JsonObject,
  check: (orchestrator: OrchestratorProcess) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const spec = { name: "main", graph };
  const orchestrator = await startProcess([], {
    ENGINE_PREDICTOR: Buffer.from(JSON.stringify(spec)).toString("base64"),
    ...env,
  });
  try {
    await check(orchestrator);
  } finally {
    await orchestrator.end("SIGTERM");
  }
}

interface Answered {
  readonly status: number;
  readonly body: JsonObject;
}

type Ask = (operation: "predictions" | "feedback", request: Json) => Promise<Answered>;

/** The same questions over either transport. */
function askers(orchestrator: OrchestratorProcess): readonly (readonly [string, Ask])[] {
  const rest: Ask = async (operation, request) => {
    const response = await fetch(`http://127.0.0.1:${orchestrator.httpPort}/api/v1.0/${operation}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
    });
    return { status: response.status, body: (await response.json()) as JsonObject };
  };
  const grpc: Ask = async (operation, request) => {
    const method = operation === "predictions" ? "Predict" : "SendFeedback";
    const answer = await callGrpc(
      orchestrator.grpcPort,
      `/seldon.protos.Seldon/${method}`,
      encodeRequest(method, request),
    );
    return { status: answer.code, body: answer.code === 0 ? (answer.body as JsonObject) : { details: answer.details } };
  };
  return [
    ["rest", rest],
    ["grpc", grpc],
  ];
}

function valuesOf(body: JsonObject): Json {
  const data = body["data"] as JsonObject;
  return (data["tensor"] as JsonObject | undefined)?.["values"] ?? data["ndarray"] ?? null;
}

function metaOf(body: JsonObject, field: string): JsonObject {
  return ((body["meta"] as JsonObject)[field] ?? {}) as JsonObject;
}

function metricKeys(body: JsonObject): readonly Json[] {
  const metrics = (body["meta"] as JsonObject)["metrics"] as readonly JsonObject[];
  return metrics.map((one) => one["key"] ?? null);
}

function tensor(values: readonly number[]): JsonObject {
  return { data: { names: ["a", "b", "c"], tensor: { shape: [1, values.length], values } } };
}

async function rewards(name: NodeName): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${nodes.get(name)?.metricsPort}/metrics`)).text();
  const lines = page.split("\n").filter((line) => line.startsWith("seldon_api_model_feedback_reward_total"));
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

/** The wrapper's metrics are gathered beside its answers. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 60_000;
  while (!(await isSo())) assert.ok(Date.now() < endMs, "it never came to be");
}

describe("Seldon's own node server and client", { timeout: 280_000 }, () => {
  before(async () => {
    await Promise.all(Object.keys(KINDS).map((name) => startWrapper(name as NodeName)));
  });
  after(async () => {
    await Promise.all([...nodes.values()].map((one) => one.server.stop()));
  });

  it("a model: data, tags, requestPath and metrics are carried", async () => {
    await withGraph(node("model-a"), async (orchestrator) => {
      for (const [transport, ask] of askers(orchestrator)) {
        const { status, body } = await ask("predictions", tensor([1, 2, 3]));
        assert.equal(status, transport === "rest" ? 200 : 0, JSON.stringify(body));
        assert.deepEqual(valuesOf(body), [2, 3, 4]);
        assert.deepEqual(metaOf(body, "tags"), { "model-a": "yes", last: "model-a" });
        assert.deepEqual(metaOf(body, "requestPath"), { "model-a": "interop/model-a:1" });
        assert.deepEqual(metricKeys(body), ["model_a_counter", "model_a_gauge", "model_a_timer"]);
      }
    });
  });

  it("a chain: the second model adds to what the first one said", async () => {
    await withGraph(node("model-a", { children: [node("model-b")] }), async (orchestrator) => {
      for (const [, ask] of askers(orchestrator)) {
        const { body } = await ask("predictions", tensor([1, 2, 3]));
        assert.deepEqual(valuesOf(body), [3, 4, 5]);
        assert.deepEqual(metaOf(body, "tags"), { "model-a": "yes", "model-b": "yes", last: "model-b" });
        assert.deepEqual(metaOf(body, "requestPath"), {
          "model-a": "interop/model-a:1",
          "model-b": "interop/model-b:1",
        });
        assert.equal(metricKeys(body).length, 6);
      }
    });
  });

  it("transformers before and after a model", async () => {
    const around = node("transformer", { methods: ["TRANSFORM_OUTPUT"], children: [node("model-a")] });
    await withGraph(around, async (orchestrator) => {
      for (const [, ask] of askers(orchestrator)) {
        const { body } = await ask("predictions", tensor([1, 2, 3]));
        assert.deepEqual(valuesOf(body), [111, 121, 131]);
        assert.deepEqual(metaOf(body, "tags"), { "model-a": "yes", last: "model-a", transformer: "yes" });
      }
    });
    const output = node("transformer", { type: "OUTPUT_TRANSFORMER", children: [node("model-a")] });
    await withGraph(output, async (orchestrator) => {
      for (const [, ask] of askers(orchestrator)) {
        assert.deepEqual(valuesOf((await ask("predictions", tensor([1, 2, 3]))).body), [102, 103, 104]);
      }
    });
  });

  it("a router sends each request down its branch, and feedback follows", async () => {
    await withGraph(node("router", { children: [node("model-a"), node("model-b")] }), async (orchestrator) => {
      for (const [, ask] of askers(orchestrator)) {
        assert.deepEqual(metaOf((await ask("predictions", tensor([0, 5]))).body, "tags")["last"], "model-a");
        assert.deepEqual(metaOf((await ask("predictions", tensor([1, 5]))).body, "tags")["last"], "model-b");
        const before_ = { a: await rewards("model-a"), b: await rewards("model-b") };
        const fed = await ask("feedback", {
          request: { data: { ndarray: [[1]] } },
          response: { meta: { routing: { router: 1 } }, data: { ndarray: [[2]] } },
          reward: 0.5,
        });
        assert.ok(fed.status === 200 || fed.status === 0, JSON.stringify(fed.body));
        await until(async () => (await rewards("model-b")) === before_.b + 0.5);
        assert.equal(await rewards("model-a"), before_.a);
      }
    });
  });

  it("a combiner adds up its branches and merges their meta", async () => {
    await withGraph(node("combiner", { children: [node("model-a"), node("model-b")] }), async (orchestrator) => {
      for (const [, ask] of askers(orchestrator)) {
        const { body } = await ask("predictions", tensor([1, 2, 3]));
        assert.deepEqual(valuesOf(body), [4, 6, 8]);
        const tags = metaOf(body, "tags");
        assert.deepEqual([tags["model-a"], tags["model-b"], tags["combiner"]], ["yes", "yes", "yes"]);
        assert.equal(Object.keys(metaOf(body, "requestPath")).length, 3);
      }
    });
  });

  it("merged meta: what wrappers hand on is counted once, what a router says is not lost", async () => {
    const merging = { GRAPHWAY_MERGE_META: "true" };
    const both = node("combiner", { children: [node("model-b"), node("transformer")] });
    await withGraph(
      node("model-a", { children: [both] }),
      async (orchestrator) => {
        for (const [, ask] of askers(orchestrator)) {
          const { body } = await ask("predictions", tensor([1, 2, 3]));
          // model-b and the transformer both carry what model-a said.
          assert.deepEqual(metricKeys(body), [
            ...["model_a_counter", "model_a_gauge", "model_a_timer"],
            ...["model_b_counter", "model_b_gauge", "model_b_timer"],
          ]);
          assert.deepEqual(metaOf(body, "routing"), { combiner: -1, "model-a": -1 });
          assert.deepEqual(Object.keys(metaOf(body, "requestPath")).sort(), [
            "combiner",
            "model-a",
            "model-b",
            "transformer",
          ]);
          assert.equal(metaOf(body, "requestPath")["model-b"], "interop/model-b:1");
          assert.match(JSON.stringify((body["meta"] as JsonObject)["puid"]), /^"[0-9a-f-]{36}"$/);
        }
      },
      merging,
    );
    await withGraph(
      node("router", { children: [node("model-a"), node("model-b")] }),
      async (orchestrator) => {
        for (const [, ask] of askers(orchestrator)) {
          const { body } = await ask("predictions", tensor([1, 2, 3]));
          assert.deepEqual(metaOf(body, "routing"), { router: 1 });
          assert.deepEqual(Object.keys(metaOf(body, "requestPath")).sort(), ["model-b", "router"]);
          assert.equal(metricKeys(body).length, 3);
        }
      },
      merging,
    );
  });

  it("a graph of REST and gRPC nodes", async () => {
    const over = (name: NodeName, type: string, fields: JsonObject = {}): JsonObject => {
      const made = node(name, fields);
      return { ...made, endpoint: { ...(made["endpoint"] as JsonObject), type } };
    };
    const graph = over("combiner", "REST", { children: [over("model-a", "GRPC"), over("model-b", "REST")] });
    await withGraph(graph, async (orchestrator) => {
      for (const [, ask] of askers(orchestrator)) {
        const { body } = await ask("predictions", tensor([1, 2, 3]));
        assert.deepEqual(valuesOf(body), [4, 6, 8]);
      }
    });
  });

  it("an exception of a model is the answer, in its own words", async () => {
    await withGraph(node("model-a", { children: [node("model-b")] }), async (orchestrator) => {
      for (const [transport, ask] of askers(orchestrator)) {
        const { status, body } = await ask("predictions", tensor([-1, 2, 3]));
        if (transport === "rest") {
          assert.equal(status, 400);
          const said = body["status"] as JsonObject;
          assert.deepEqual([said["info"], said["reason"]], ["a number is negative", "REFUSED"]);
        } else {
          // Over gRPC the wrapper keeps the words to itself.
          assert.equal(status, 2);
        }
      }
    });
  });

  it("the graph's metadata, REST and gRPC", async () => {
    await withGraph(node("model-a", { children: [node("model-b")] }), async (orchestrator) => {
      const rest = await fetch(`http://127.0.0.1:${orchestrator.httpPort}/api/v1.0/metadata`);
      const body = (await rest.json()) as JsonObject;
      assert.deepEqual(Object.keys(body["models"] as JsonObject), ["model-a", "model-b"]);
      assert.deepEqual(body["graphinputs"], [{ messagetype: "tensor", schema: { names: ["model-a"], shape: [1, 3] } }]);
      const grpc = await callGrpc(orchestrator.grpcPort, "/seldon.protos.Seldon/GraphMetadata", Buffer.alloc(0));
      assert.equal(grpc.code, 0, grpc.details);
      const status = await fetch(`http://127.0.0.1:${orchestrator.httpPort}/api/v1.0/status/model-b`);
      assert.equal(status.status, 200, await status.text());
    });
  });

  for (const transport of ["rest", "grpc"] as const) {
    it(`SeldonClient over ${transport}`, async () => {
      await withGraph(node("model-a"), async (orchestrator) => {
        const port = transport === "rest" ? orchestrator.httpPort : orchestrator.grpcPort;
        const lines = (await runForJson(
          join(SELDON_ENV, "python"),
          [join(import.meta.dirname, "clients", "seldon_client.py"), `127.0.0.1:${port}`, transport],
          import.meta.dirname,
        )) as readonly { what: string; success: boolean; msg: string; response: JsonObject }[];
        const by = new Map(lines.map((line) => [line.what, line]));
        for (const what of ["tensor", "ndarray", "strData", "binData", "jsonData", "feedback"]) {
          assert.equal(by.get(what)?.success, true, `${what}: ${JSON.stringify(by.get(what))}`);
        }
        assert.deepEqual(valuesOf(by.get("tensor")?.response ?? {}), [2, 3, 4]);
        assert.deepEqual(valuesOf(by.get("ndarray")?.response ?? {}), [[2, 3, 4]]);
        assert.equal(by.get("strData")?.response["strData"], "a text");
        assert.equal(by.get("binData")?.response["binData"], Buffer.from("some bytes").toString("base64"));
        assert.deepEqual(by.get("jsonData")?.response["jsonData"], { a: [1, null, { b: true }] });
        assert.equal(by.get("refused")?.success, false);
      });
    });
  }
});
