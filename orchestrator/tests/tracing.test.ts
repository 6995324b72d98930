import assert from "node:assert/strict";
import { once } from "node:events";
import { Client, credentials } from "@grpc/grpc-js";
import { after, before, describe, it } from "node:test";
import {
  callGrpc,
  startBed,
  startTestApp,
  type BedOptions,
  type Replies,
  type TestBed,
  type TestNode,
} from "./orchestrator.ts";
import { startGrpcNode } from "./grpc-node.ts";
import { enginePredictor, startProcess } from "./orchestrator-process.ts";
import { encodeRequest, startStub } from "./stub-node.ts";
import { post, tracedBy } from "./traced.ts";
import { outline, startTraceCollector, type CollectedSpan, type TraceCollector } from "./trace-collector.ts";

const OK = { body: { data: { ndarray: [[1]] } } };
const MODEL: TestNode = { name: "m", type: "MODEL" };
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

describe("tracing", { timeout: 600_000 }, () => {
  let collector: TraceCollector;
  before(async () => {
    collector = await startTraceCollector();
  });
  after(() => collector.stop());

  const traced = (graph: TestNode, replies: Replies, use: (bed: TestBed) => Promise<unknown>, options?: BedOptions) =>
    tracedBy(collector, graph, replies, use, options);

  it("puts a model's call right below the request, as Seldon did", async () => {
    const { spans, calls } = await traced(MODEL, { "m/predict": OK }, (bed) => post(bed));
    assert.deepEqual(outline(spans), ["predictions (server)", "  /predict (client)"]);
    const [server, client] = [named(spans, "predictions"), named(spans, "/predict")];
    assert.equal(server.parentSpanId, "");
    assert.equal(server.attributes["graphway.deployment"], "iris");
    assert.equal(server.attributes["graphway.predictor"], "main");
    assert.equal(server.attributes["http.response.status_code"], 200);
    assert.equal(server.attributes["http.request.method"], "POST");
    assert.equal(server.attributes["url.path"], "/api/v1.0/predictions");
    assert.equal(server.attributes["graphway.puid"], "p-1");
    assert.equal(client.attributes["graphway.node"], "m");
    assert.equal(client.attributes["graphway.operation"], "predict");
    assert.equal(client.attributes["server.address"], "127.0.0.1");
    assert.match(String(client.attributes["url.full"]), /^http:\/\/127.0.0.1:\d+\/predict$/);
    assert.equal(server.resource["service.name"], "iris");
    assert.equal(server.resource["telemetry.sdk.language"], "nodejs");
    assert.ok(client.startNs >= server.startNs && client.endNs <= server.endNs);
    assert.ok(Math.abs(Number(server.startNs / 1_000_000n) - Date.now()) < 60_000);
    assert.equal(calls[0]?.headers["traceparent"], `00-${server.traceId}-${client.spanId}-01`);
    assert.equal(calls[0].headers["uber-trace-id"], `${server.traceId}:${client.spanId}:0:1`);
    assert.equal(JSON.stringify(spans.map((one) => one.attributes)).includes("ndarray"), false, "no payload");
  });

  const trees: readonly [string, TestNode, Replies, readonly string[]][] = [
    [
      "a chain",
      { name: "t", type: "TRANSFORMER", children: [MODEL] },
      { "t/transform-input": OK, "m/predict": OK },
      ["predictions (server)", "  t (internal)", "    /transform-input (client)", "    /predict (client)"],
    ],
    [
      "a combiner",
      { name: "c", type: "COMBINER", children: [MODEL, { name: "n", type: "MODEL" }] },
      { "c/aggregate": OK, "m/predict": OK, "n/predict": { ...OK, delayMs: 5 } },
      [
        "predictions (server)",
        "  c (internal)",
        "    /predict (client)",
        "    /predict (client)",
        "    /aggregate (client)",
      ],
    ],
    [
      "a router",
      { name: "r", type: "ROUTER", children: [MODEL, { name: "n", type: "TRANSFORMER", children: [MODEL_2()] }] },
      { "r/route": { body: { data: { ndarray: [[1]] } } }, "n/transform-input": OK, "m2/predict": OK },
      [
        "predictions (server)",
        "  r (internal)",
        "    /route (client)",
        "    n (internal)",
        "      /transform-input (client)",
        "      /predict (client)",
      ],
    ],
    [
      "a node that the orchestrator answers itself",
      { name: "s", implementation: "SIMPLE_MODEL" },
      {},
      ["predictions (server)", "  s (internal)"],
    ],
  ];
  for (const [what, graph, replies, expected] of trees) {
    it(`shows the shape of ${what}`, async () => {
      const { spans } = await traced(graph, replies, (bed) => post(bed));
      assert.deepEqual(outline(spans), expected);
      assert.equal(new Set(spans.map((one) => one.traceId)).size, 1);
      assert.equal(new Set(spans.map((one) => one.spanId)).size, spans.length);
    });
  }

  it("says which branch a router took", async () => {
    const graph: TestNode = { name: "r", type: "ROUTER", children: [MODEL, MODEL_2()] };
    const replies = { "r/route": { body: { data: { ndarray: [[1]] } } }, "m2/predict": OK };
    const { spans } = await traced(graph, replies, (bed) => post(bed));
    assert.equal(named(spans, "r").attributes["graphway.branch"], 1);
  });

  it("traces gRPC and feedback", async () => {
    const graph: TestNode = { name: "r", type: "ROUTER", children: [MODEL] };
    const replies = {
      "r/route": { body: { data: { ndarray: [[0]] } } },
      "m/predict": OK,
      "r/send-feedback": OK,
      "m/send-feedback": OK,
    };
    const metadata = { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: "a=1", "seldon-puid": "p-2" };
    const { spans, calls } = await traced(graph, replies, async (bed) => {
      const message = encodeRequest("Predict", { data: { ndarray: [[1]] } });
      const answer = await callGrpc(bed.app.grpcPort, "/seldon.protos.Seldon/Predict", message, metadata);
      assert.equal(answer.code, 0, answer.details);
      await post(bed, {}, "feedback", { reward: 1, response: { meta: { routing: { r: 0 } } } });
    });
    const grpc = spans.filter((one) => one.traceId === TRACE);
    assert.deepEqual(outline(grpc), [
      "/seldon.protos.Seldon/Predict (server)",
      "  r (internal)",
      "    /seldon.protos.Router/Route (client)",
      "    /seldon.protos.Model/Predict (client)",
    ]);
    const server = named(grpc, "/seldon.protos.Seldon/Predict");
    assert.equal(server.parentSpanId, SPAN);
    assert.ok(server.hasRemoteParent);
    assert.equal(server.traceState, "a=1");
    assert.equal(server.attributes["rpc.system.name"], "grpc");
    assert.equal(server.attributes["rpc.method"], "seldon.protos.Seldon/Predict");
    assert.equal(server.attributes["rpc.response.status_code"], "OK");
    assert.equal(server.attributes["graphway.puid"], "p-2");
    const model = named(grpc, "/seldon.protos.Model/Predict");
    const sent = calls.find((call) => call.transport === "grpc" && call.node === "m")?.headers;
    assert.equal(sent?.["traceparent"], `00-${TRACE}-${model.spanId}-01`);
    assert.equal(sent["tracestate"], "a=1");
    const feedback = outline(spans.filter((one) => one.traceId !== TRACE));
    assert.deepEqual(feedback.sort(), [
      "    /send-feedback (client)",
      "    /send-feedback (client)",
      "  r (internal)",
      "feedback (server)",
    ]);
  });

  it("traces questions about nodes, over both transports", async () => {
    const graph: TestNode = { name: "t", type: "TRANSFORMER", children: [MODEL] };
    const replies = { "t/metadata": { body: { name: "t" } }, "m/metadata": { body: { name: "m" } } };
    const { spans, calls } = await traced(graph, { ...replies, "m/health/status": { body: {} } }, async (bed) => {
      for (const path of ["metadata", "status/m"]) await (await fetch(`${bed.url}/api/v1.0/${path}`)).arrayBuffer();
      const answer = await callGrpc(bed.app.grpcPort, "/seldon.protos.Seldon/GraphMetadata", Buffer.alloc(0));
      assert.equal(answer.code, 0, answer.details);
    });
    assert.deepEqual(outline(spans).sort(), [
      "  /health/status (client)",
      "  /metadata (client)",
      "  /metadata (client)",
      "  /seldon.protos.Model/Metadata (client)",
      "  /seldon.protos.Model/Metadata (client)",
      "/seldon.protos.Seldon/GraphMetadata (server)",
      "metadata (server)",
      "status (server)",
    ]);
    for (const call of calls) assert.ok(spans.some((one) => call.headers["traceparent"]?.includes(one.spanId)));
    assert.equal(named(spans, "/health/status").attributes["http.request.method"], "GET");
  });

  it("marks what failed, with why", async () => {
    const graph: TestNode = { name: "t", type: "TRANSFORMER", children: [MODEL] };
    const replies = { "t/transform-input": OK, "m/predict": { status: 503, body: { info: "secret payload" } } };
    const { spans } = await traced(graph, replies, (bed) => post(bed));
    for (const name of ["predictions", "t", "/predict"]) {
      const span = named(spans, name);
      assert.equal(span.status.code, 2, name);
      assert.equal(span.status.message, "node m answered 503");
    }
    assert.equal(named(spans, "/predict").attributes["error.type"], "503");
    assert.equal(named(spans, "/predict").attributes["http.response.status_code"], 503);
    assert.equal(named(spans, "/transform-input").status.code, 0);
    assert.equal(JSON.stringify(spans, (_, v: unknown) => (typeof v === "bigint" ? "" : v)).includes("secret"), false);
  });

  it("leaves a request that the client got wrong without an error of the server", async () => {
    const { spans } = await traced(MODEL, { "m/predict": { status: 400, body: {} } }, (bed) => post(bed));
    assert.equal(named(spans, "predictions").status.code, 0);
    assert.equal(named(spans, "predictions").attributes["http.response.status_code"], 400);
    assert.equal(named(spans, "/predict").status.code, 2);
  });

  it("tells a call that was never answered from one that was", async () => {
    const unreachable: TestNode = { ...MODEL, endpoint: { service_port: 1, httpPort: 1 } };
    const { spans } = await traced(unreachable, {}, (bed) => post(bed));
    const client = named(spans, "/predict");
    assert.equal(client.attributes["http.response.status_code"], undefined);
    assert.equal(client.attributes["error.type"], "unreachable");
    assert.equal(named(spans, "predictions").attributes["http.response.status_code"], 503);
  });

  it("marks shadow requests", async () => {
    const { spans } = await traced(MODEL, { "m/predict": OK }, (bed) => post(bed, { "x-graphway-shadow": "1" }));
    assert.equal(named(spans, "predictions").attributes["graphway.shadow"], true);
  });

  it("traces a request whose body is too large", async () => {
    const flags = ["--max_body_bytes=10"];
    const { spans } = await traced(MODEL, {}, (bed) => post(bed), { flags });
    assert.deepEqual(outline(spans), ["predictions (server)"]);
    assert.equal(named(spans, "predictions").attributes["error.type"], "too-large");
  });

  it("traces a stream of answers until its last one", async () => {
    const method = "/inference.GRPCInferenceService/ModelStreamInfer";
    const first = collector.spans.length;
    let sent: unknown;
    const node = await startGrpcNode(
      {},
      {
        [method]: (call) => {
          sent = call.metadata.get("traceparent")[0];
          call.on("data", () => {
            // Two ModelStreamInferResponses, each with an empty answer.
            call.write(Buffer.of(0x12, 0));
            call.write(Buffer.of(0x12, 0));
            call.end();
          });
        },
      },
    );
    const endpoint = { service_host: "127.0.0.1", service_port: node.port, grpcPort: node.port, type: "GRPC" };
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    const flags = ["--protocol=v2"];
    const app = await startTestApp({ name: "m", type: "MODEL", endpoint }, { env, flags });
    const client = new Client(`127.0.0.1:${app.grpcPort}`, credentials.createInsecure());
    try {
      const same = (bytes: Buffer): Buffer => bytes;
      const stream = client.makeBidiStreamRequest(method, same, same);
      let answers = 0;
      stream.on("data", () => (answers += 1));
      stream.write(Buffer.of(0x0a, 1, 0x6d));
      stream.end();
      await once(stream, "end");
      assert.equal(answers, 2);
    } finally {
      client.close();
      await app.stop();
      node.stop();
    }
    const spans = collector.spans.slice(first);
    assert.deepEqual(outline(spans), [`${method} (server)`, `  ${method} (client)`]);
    assert.equal(sent, `00-${spans[0]?.traceId ?? ""}-${spans.find((one) => one.kind === "client")?.spanId ?? ""}-01`);
  });

  it("sends the last spans when the process is told to stop", async () => {
    const stub = await startStub(
      "m0",
      () => OK,
      () => {},
    );
    const first = collector.spans.length;
    try {
      const orchestrator = await startProcess(["--access_log_sample=1"], {
        ENGINE_PREDICTOR: enginePredictor(stub.httpPort, stub.grpcPort),
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_HEADERS: "x-key=secret",
        OTEL_SERVICE_NAME: "mine",
      });
      const url = `http://127.0.0.1:${orchestrator.httpPort}/api/v1.0/predictions`;
      await (await fetch(url, { method: "POST", body: "{}" })).arrayBuffer();
      assert.equal(await orchestrator.end("SIGTERM"), 0);
      const spans = collector.spans.slice(first);
      assert.deepEqual(outline(spans), ["predictions (server)", "  /predict (client)"]);
      assert.equal(spans[0]?.resource["service.name"], "mine");
      assert.equal(collector.requests.at(-1)?.path, "/v1/traces");
      assert.equal(collector.requests.at(-1)?.headers["x-key"], "secret");
      const lines = orchestrator.log.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
      const access = lines.find((line) => line["msg"] === "request");
      assert.equal(access?.["status"], "200");
      assert.equal(access["trace_id"], spans[0].traceId);
    } finally {
      await stub.stop();
    }
  });

  it("serves on when the collector is away, and stops", async () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
      OTEL_BSP_SCHEDULE_DELAY: "5",
      OTEL_EXPORTER_OTLP_TIMEOUT: "300",
    };
    const bed = await startBed(MODEL, { "m/predict": OK }, { env });
    try {
      for (let i = 0; i < 20; i += 1) assert.equal((await post(bed)).status, 200);
    } finally {
      await bed.stop();
    }
  });
});

function MODEL_2(): TestNode {
  return { name: "m2", type: "MODEL" };
}

function named(spans: readonly CollectedSpan[], name: string): CollectedSpan {
  const found = spans.find((one) => one.name === name);
  assert.ok(found !== undefined, `${name} among ${spans.map((one) => one.name).join(", ")}`);
  return found;
}
