import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { startCollector, type Collector, type CollectorOptions } from "./event-collector.ts";
import { until } from "../src/observe/payload-log/tests/made.ts";
import {
  callGrpc,
  startBed,
  startTestApp,
  type BedOptions,
  type Replies,
  type TestBed,
  type TestNode,
} from "./orchestrator.ts";
import { encodeRequest } from "./stub-node.ts";

const PREDICT = "/seldon.protos.Seldon/Predict";
const FEEDBACK = "/seldon.protos.Seldon/SendFeedback";
const COUNTER = "graphway_orchestrator_payload_log_events_total";

interface Setting extends BedOptions {
  readonly collector?: CollectorOptions;
}

/** An orchestrator before stub nodes, with a collector as the default place for events. */
async function withBed(
  graph: TestNode,
  replies: Replies,
  test: (bed: TestBed, collector: Collector) => Promise<void>,
  setting: Setting = {},
): Promise<void> {
  const collector = await startCollector(setting.collector);
  const env = { REQUEST_LOGGER_DEFAULT_ENDPOINT: collector.url, ...setting.env };
  const bed = await startBed(graph, replies, { ...setting, env });
  try {
    await test(bed, collector);
  } finally {
    collector.release();
    await bed.stop();
    await collector.stop();
  }
}

async function post(bed: TestBed, body: string, headers: Readonly<Record<string, string>> = {}, what = "predictions") {
  const response = await fetch(`${bed.url}/api/v1.0/${what}`, {
    method: "POST",
    headers: { "content-type": "application/json", "seldon-puid": "p1", ...headers },
    body,
  });
  return response.text();
}

/** `node what body` of every event, sorted: they are posted side by side. */
function seen(collector: Collector): string[] {
  return collector.posted
    .map(({ headers, body }) => {
      const what = headers["ce-type"]?.split(".").at(-1) ?? "";
      return `${headers["ce-modelid"] ?? ""} ${what} ${body.toString()}`;
    })
    .sort();
}

/** Exactly these events: as many, and no more once the orchestrator has stopped, which sends what waits. */
async function expectEvents(bed: TestBed, collector: Collector, expected: readonly string[]): Promise<void> {
  await until(() => collector.posted.length >= expected.length, `${expected.length} events`);
  await bed.app.stop();
  assert.deepEqual(seen(collector), [...expected].sort());
}

async function counted(bed: TestBed, outcome: string): Promise<number> {
  const text = await (await fetch(`${bed.url}/metrics`)).text();
  return Number(new RegExp(`^${COUNTER}\\{sink="http",outcome="${outcome}"\\} (\\d+)$`, "m").exec(text)?.[1]);
}

/** Asks the metrics until the counter is there. */
async function expectCount(bed: TestBed, outcome: string, count: number): Promise<void> {
  const endMs = performance.now() + 30_000;
  while ((await counted(bed, outcome)) < count && performance.now() < endMs);
  assert.equal(await counted(bed, outcome), count);
}

const all = { mode: "all" };
const answer = (value: number) => ({ body: { data: { ndarray: [value] } } });
const asText = (value: number): string => `{"data":{"ndarray":[${value}]}}`;

describe("payload log", { timeout: 600_000 }, () => {
  it("logs request, response or both of a model, as its mode says", async () => {
    const events = { request: ["m request {}"], response: [`m response ${asText(1)}`] };
    const expected = { ...events, all: [...events.request, ...events.response] };
    for (const [mode, wanted] of Object.entries(expected)) {
      const graph = { name: "m", type: "MODEL", logger: { mode } };
      await withBed(graph, { "m/predict": answer(1) }, async (bed, collector) => {
        assert.equal(await post(bed, "{}"), asText(1));
        await expectEvents(bed, collector, wanted);
      });
    }
  });

  it("names node, request, deployment and source as Seldon does, with the request's own trace", async () => {
    const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const graph = { name: "m", type: "MODEL", logger: { mode: "request" } };
    await withBed(graph, { "m/predict": answer(1) }, async (bed, collector) => {
      await post(bed, "{}", { traceparent: trace });
      await until(() => collector.posted.length === 1, "the event");
      const headers = collector.posted[0]?.headers ?? {};
      const ours = Object.entries(headers).filter(([name]) => name.startsWith("ce-") && !/^ce-(id|time)$/.test(name));
      assert.deepEqual(Object.fromEntries(ours), {
        "ce-specversion": "1.0",
        "ce-type": "io.seldon.serving.inference.request",
        "ce-source": `http://localhost:${bed.app.httpPort}/`,
        "ce-modelid": "m",
        "ce-requestid": "p1",
        "ce-inferenceservicename": "iris",
        "ce-namespace": "default",
        "ce-endpoint": "main",
        "ce-protocol": "seldon",
      });
      assert.deepEqual([headers["content-type"], headers["traceparent"]], ["application/json", trace]);
    });
  });

  it("logs a router as two events: what it was given, and what the chosen child answered", async () => {
    const children = ["a", "b"].map((name) => ({ name, type: "MODEL" }));
    const graph = { name: "r", type: "ROUTER", logger: all, children };
    const replies = { "r/route": answer(1), "b/predict": answer(7) };
    await withBed(graph, replies, async (bed, collector) => {
      await post(bed, "{}");
      await expectEvents(bed, collector, ["r request {}", `r response ${asText(7)}`]);
    });
  });

  it("logs a combiner as two events: its request, and its aggregate", async () => {
    const children = ["a", "b"].map((name) => ({ name, type: "MODEL" }));
    const graph = { name: "c", type: "COMBINER", logger: all, children };
    const replies = { "a/predict": answer(1), "b/predict": answer(2), "c/aggregate": answer(3) };
    await withBed(graph, replies, async (bed, collector) => {
      await post(bed, "{}");
      await expectEvents(bed, collector, ["c request {}", `c response ${asText(3)}`]);
    });
  });

  it("logs each node of a chain once: a model with children by its own reply", async () => {
    const last = { name: "c", type: "MODEL", logger: all };
    const graph = {
      name: "a",
      type: "TRANSFORMER",
      logger: all,
      children: [{ name: "b", type: "MODEL", logger: all, children: [last] }],
    };
    const replies = { "a/transform-input": answer(1), "b/predict": answer(2), "c/predict": answer(3) };
    await withBed(graph, replies, async (bed, collector) => {
      await post(bed, "{}");
      const chain = ["a request {}", `a response ${asText(1)}`, `b request ${asText(1)}`, `b response ${asText(2)}`];
      await expectEvents(bed, collector, [...chain, `c request ${asText(2)}`, `c response ${asText(3)}`]);
    });
  });

  it("logs the request of a node that fails, and no response", async () => {
    const graph = { name: "m", type: "MODEL", logger: all };
    await withBed(graph, { "m/predict": { status: 400, body: {} } }, async (bed, collector) => {
      await post(bed, "{}");
      await expectEvents(bed, collector, ["m request {}"]);
    });
  });

  it("logs feedback of the nodes it is handed to, with the responses, over REST and gRPC", async () => {
    const children = [
      { name: "a", type: "MODEL", logger: all },
      { name: "b", type: "MODEL", logger: { mode: "request" } },
    ];
    const graph = { name: "r", type: "ROUTER", logger: { mode: "response" }, children };
    const replies = Object.fromEntries(["r", "a", "b"].map((name) => [`${name}/send-feedback`, { body: {} }]));
    const body = { reward: 1 };
    await withBed(graph, replies, async (bed, collector) => {
      await post(bed, JSON.stringify(body), {}, "feedback");
      const text = JSON.stringify(body);
      await expectEvents(bed, collector, [`r feedback ${text}`, `a feedback ${text}`]);
    });
    await withBed(graph, replies, async (bed, collector) => {
      const message = encodeRequest("SendFeedback", body);
      await callGrpc(bed.app.grpcPort, FEEDBACK, message, { "seldon-puid": "g1" });
      await expectEvents(bed, collector, [`r feedback ${message.toString()}`, `a feedback ${message.toString()}`]);
      for (const { headers } of collector.posted) {
        assert.deepEqual([headers["ce-requestid"], headers["content-type"]], ["g1", "application/protobuf"]);
      }
    });
  });

  it("logs gRPC messages as protobuf", async () => {
    const graph = { name: "m", type: "MODEL", logger: all };
    await withBed(graph, { "m/predict": answer(5) }, async (bed, collector) => {
      const request = encodeRequest("Predict", { strData: "in" });
      const { raw } = await callGrpc(bed.app.grpcPort, PREDICT, request, { "seldon-puid": "g2" });
      await until(() => collector.posted.length === 2, "two events");
      const byType = new Map(collector.posted.map((one) => [one.headers["ce-type"]?.split(".").at(-1), one]));
      assert.deepEqual([byType.get("request")?.body, byType.get("response")?.body], [request, raw]);
      for (const { headers } of collector.posted) {
        assert.deepEqual([headers["ce-requestid"], headers["content-type"]], ["g2", "application/protobuf"]);
      }
    });
  });

  it("obeys Seldon-Skip-Logging of either transport", async () => {
    const graph = { name: "m", type: "MODEL", logger: all };
    await withBed(graph, { "m/predict": answer(1) }, async (bed, collector) => {
      for (const value of ["true", "ON", "1"]) {
        await post(bed, "{}", { "Seldon-Skip-Logging": value });
        await callGrpc(bed.app.grpcPort, PREDICT, encodeRequest("Predict", {}), { "seldon-skip-logging": value });
      }
      await post(bed, '{"logged":1}', { "Seldon-Skip-Logging": "no" });
      await expectEvents(bed, collector, ['m request {"logged":1}', `m response ${asText(1)}`]);
    });
  });

  it("marks the copy of a live request", async () => {
    const graph = { name: "m", type: "MODEL", logger: { mode: "request" } };
    await withBed(graph, { "m/predict": [answer(1), answer(1)] }, async (bed, collector) => {
      await post(bed, "{}", { "x-graphway-shadow": "1" });
      await until(() => collector.posted.length === 1, "the copy's event");
      await post(bed, "{}");
      await until(() => collector.posted.length === 2, "the other event");
      const marks = collector.posted.map(({ headers }) => headers["ce-shadow"]);
      assert.deepEqual(marks, ["true", undefined]);
    });
  });

  it("logs feedback of a protocol whose nodes take none, and v2's names and tensors", async () => {
    const graph = {
      name: "a",
      type: "MODEL",
      logger: all,
      children: [{ name: "b", type: "MODEL", logger: { mode: "response" } }],
    };
    await withBed(
      graph,
      {},
      async (bed, collector) => {
        await post(bed, "{}", {}, "feedback");
        await expectEvents(bed, collector, ["a feedback {}", "b feedback {}"]);
        assert.equal(collector.posted[0]?.headers["ce-protocol"], "tensorflow");
      },
      { flags: ["--protocol=tensorflow"] },
    );
  });

  it("inflates a gzip request for the log, not for the node", async () => {
    const graph = { name: "m", type: "MODEL", logger: { mode: "request" } };
    await withBed(graph, { "m/predict": answer(1) }, async (bed, collector) => {
      const body = gzipSync('{"a":1}');
      const headers = { "content-type": "application/json", "content-encoding": "gzip" };
      await fetch(`${bed.url}/api/v1.0/predictions`, { method: "POST", headers, body });
      await expectEvents(bed, collector, ['m request {"a":1}']);
      assert.deepEqual(bed.calls[0]?.raw, body);
    });
  });

  it("posts to the node's own URL, and serves a node whose logger can't be used", async () => {
    const own = await startCollector();
    const bad = { name: "b", type: "MODEL", logger: { mode: "everything" } };
    const graph = {
      name: "a",
      type: "TRANSFORMER",
      logger: { mode: "request", url: `${own.url}/own` },
      children: [bad],
    };
    await withBed(graph, { "a/transform-input": answer(1), "b/predict": answer(2) }, async (bed, collector) => {
      assert.equal(await post(bed, "{}"), asText(2));
      await expectEvents(bed, own, ["a request {}"]);
      assert.equal(own.posted[0]?.url, "/own");
      assert.equal(collector.posted.length, 0);
    });
    await own.stop();
  });

  it("answers at once while the collector is silent, and drops and counts beyond the queue", async () => {
    const graph = { name: "m", type: "MODEL", logger: { mode: "request" } };
    const flags = ["--logger_workers=2", "--log_work_buffer_size=3"];
    const setting = { flags, collector: { holds: true } };
    await withBed(
      graph,
      { "m/predict": Array.from({ length: 10 }, () => answer(1)) },
      async (bed, collector) => {
        for (let i = 0; i < 2; i += 1) await post(bed, "{}");
        await until(() => collector.posted.length === 2, "both workers wait");
        for (let i = 0; i < 8; i += 1) assert.equal(await post(bed, "{}"), asText(1));
        await expectCount(bed, "queue_full", 5);
        collector.release();
        await expectCount(bed, "sent", 5);
      },
      setting,
    );
  });

  it("bounds the memory of what waits", async () => {
    const graph = { name: "m", type: "MODEL", logger: { mode: "request" } };
    const setting = { flags: ["--log_max_queued_bytes=150000"], collector: { holds: true } };
    const body = `{"strData":"${"x".repeat(100_000)}"}`;
    await withBed(
      graph,
      { "m/predict": Array.from({ length: 4 }, () => answer(1)) },
      async (bed) => {
        for (let i = 0; i < 4; i += 1) assert.equal(await post(bed, body), asText(1));
        await expectCount(bed, "queue_full", 3);
      },
      setting,
    );
  });

  it("serves on while the collector is down or refuses", async () => {
    const gone = await startCollector();
    await gone.stop();
    const graph = { name: "m", type: "MODEL", logger: { mode: "request" } };
    const replies = { "m/predict": [answer(1), answer(1)] };
    const down = async (bed: TestBed): Promise<void> => {
      for (let i = 0; i < 2; i += 1) assert.equal(await post(bed, "{}"), asText(1));
      await expectCount(bed, "failed", 2);
    };
    await withBed(graph, replies, down, { env: { REQUEST_LOGGER_DEFAULT_ENDPOINT: gone.url } });
    const refused = async (bed: TestBed): Promise<void> => {
      await post(bed, "{}");
      await expectCount(bed, "rejected", 1);
    };
    await withBed(graph, replies, refused, { collector: { status: 500 } });
    const nowhere = async (bed: TestBed): Promise<void> => {
      await post(bed, "{}");
      await expectCount(bed, "no_endpoint", 1);
    };
    await withBed(graph, replies, nowhere, { env: { REQUEST_LOGGER_DEFAULT_ENDPOINT: "not a URL" } });
  });

  it("refuses to start with a Kafka setting that can't be used", async () => {
    const graph = { name: "m", implementation: "SIMPLE_MODEL" };
    for (const [env, flags] of [
      [{}, ["--log_kafka_broker=kafka:none"]],
      [{ LOGGER_KAFKA_BROKER: "kafka:9092", KAFKA_SECURITY_PROTOCOL: "TLS" }, []],
    ] as const) {
      await assert.rejects(
        startTestApp(graph, { env, flags }),
        /the Kafka broker "kafka:none"|KAFKA_SECURITY_PROTOCOL "TLS"/,
      );
    }
  });

  it("sends what waits before it stops", async () => {
    const graph = { name: "m", type: "MODEL", logger: { mode: "request" } };
    const replies = { "m/predict": Array.from({ length: 20 }, () => answer(1)) };
    const setting = { flags: ["--logger_workers=1", "--graceful_timeout=60s"], collector: { holds: true } };
    await withBed(
      graph,
      replies,
      async (bed, collector) => {
        for (let i = 0; i < 20; i += 1) await post(bed, "{}");
        const stopped = bed.app.stop();
        collector.release();
        await stopped;
        assert.equal(collector.posted.length, 20);
      },
      setting,
    );
  });
});
