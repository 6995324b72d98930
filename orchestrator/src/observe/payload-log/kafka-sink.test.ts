import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { grpcPayload } from "../../execute/payload.ts";
import { createPayloadLog } from "./create.ts";
import { bodyOf } from "./event-body.ts";
import { EventQueue } from "./event-queue.ts";
import type { KafkaMessage } from "./kafka-message.ts";
import { KafkaSettingsError, type KafkaSettings } from "./kafka-settings.ts";
import { KafkaSink, type KafkaProducer } from "./kafka-sink.ts";
import type { ReadyEvent } from "./sink.ts";
import { startCollector } from "../../../tests/event-collector.ts";
import { eventOf, json, keptLog, modelGraph, originOf, until } from "./tests/made.ts";

const SETTINGS: KafkaSettings = { brokers: ["b:9092"], topic: "t", tls: undefined, sasl: undefined };
const TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const FLAGS = {
  loggerWorkers: 10,
  logWorkBufferSize: 100,
  logMaxQueuedBytes: 1 << 20,
  logWriteTimeoutMs: 60_000,
  logPostTimeoutMs: 1000,
  logKafkaBroker: "",
  logKafkaTopic: "",
};

async function ready(payload: Parameters<typeof eventOf>[1], traceparent = ""): Promise<ReadyEvent> {
  const memory = new EventQueue({ maxEvents: 1, maxBytes: 1 << 20, maxWaitMs: 1 }, () => {});
  const event = eventOf(originOf(modelGraph(), "p1", traceparent), payload);
  return { event, body: await bodyOf(event, memory) };
}

/** A producer whose sends end as `answer` says. */
class ScriptedProducer implements KafkaProducer {
  readonly sends: KafkaMessage[][] = [];
  readonly #answer: () => Promise<unknown>;
  closed = 0;

  constructor(answer: () => Promise<unknown>) {
    this.#answer = answer;
  }

  send({ messages }: { messages: KafkaMessage[] }): Promise<unknown> {
    this.sends.push(messages);
    return this.#answer();
  }

  close(): Promise<void> {
    this.closed += 1;
    return Promise.resolve();
  }
}

function headersOf(message: KafkaMessage | undefined): Record<string, string> {
  return Object.fromEntries([...(message?.headers ?? [])].map(([name, value]) => [name.toString(), value.toString()]));
}

describe("KafkaSink", { timeout: 600_000 }, () => {
  it("writes all events of a batch at once, with Seldon's headers, over one producer", async () => {
    const producer = new ScriptedProducer(() => Promise.resolve({}));
    let connected = 0;
    const sink = new KafkaSink(SETTINGS, () => {
      connected += 1;
      return Promise.resolve(producer);
    });
    const rest = await ready({ ...json("{}ab"), jsonLength: "2", contentEncoding: "br" }, TRACE);
    const grpc = await ready(grpcPayload(Buffer.from([1])));
    assert.deepEqual(await sink.deliver([rest, grpc]), { outcome: "sent" });
    assert.deepEqual(await sink.deliver([grpc]), { outcome: "sent" });
    assert.equal(connected, 1);
    const [first, second] = producer.sends[0] ?? [];
    assert.deepEqual([first?.topic, first?.value, second?.value], ["t", rest.event.chunks[0], Buffer.from([1])]);
    assert.equal(first?.timestamp, BigInt(rest.event.timeMs));
    const common = {
      type: "io.seldon.serving.inference.request",
      modelid: "m",
      requestid: "p1",
      inferenceservicename: "iris",
      namespace: "default",
      endpoint: "main",
      protocol: "seldon",
    };
    const own = { "content-type": "application/json", "content-encoding": "br", traceparent: TRACE };
    assert.deepEqual(headersOf(first), { ...common, ...own, "inference-header-content-length": "2" });
    assert.deepEqual(headersOf(second), { ...common, "content-type": "application/protobuf" });
    await sink.close();
    assert.equal(producer.closed, 1);
  });

  it("says why a send failed, the deepest cause too, and goes on with the same producer", async () => {
    const cause = new AggregateError([new Error("connect ECONNREFUSED")], "metadata failed 2 times");
    const producer = new ScriptedProducer(() => Promise.reject(new Error("cannot send", { cause })));
    const sink = new KafkaSink(SETTINGS, () => Promise.resolve(producer));
    const reason = "Kafka can't be written to: cannot send: metadata failed 2 times: connect ECONNREFUSED";
    for (let i = 0; i < 2; i += 1) {
      assert.deepEqual(await sink.deliver([await ready(json("{}"))]), { outcome: "failed", reason });
    }
    assert.deepEqual([producer.sends.length, producer.closed], [2, 0]);
    await sink.close();
  });

  it("leaves a producer that no longer answers, and connects anew", async () => {
    const producers: ScriptedProducer[] = [];
    const connect = (): Promise<KafkaProducer> => {
      const answers = producers.length > 0;
      const made = new ScriptedProducer(() => (answers ? Promise.resolve({}) : new Promise(() => {})));
      producers.push(made);
      return Promise.resolve(made);
    };
    const sink = new KafkaSink(SETTINGS, connect, 20);
    const stuck = await sink.deliver([await ready(json("{}"))]);
    assert.equal(stuck.outcome, "failed");
    assert.deepEqual(await sink.deliver([await ready(json("{}"))]), { outcome: "sent" });
    await until(() => producers[0]?.closed === 1, "the first one is closed");
    await sink.close();
  });

  it("counts what the real client can't deliver to a broker that is away", async () => {
    const gone = await startCollector();
    await gone.stop();
    const { log, lines } = keptLog();
    const flags = { ...FLAGS, logKafkaBroker: gone.url.replace("http://", "") };
    const payloadLog = await createPayloadLog(flags, {}, log, () => "");
    const graph = modelGraph();
    const headers = { pairs: [], acceptEncoding: "" };
    payloadLog.begin(graph, { puid: "p", headers, header: () => undefined })?.given(graph.root, json("{}"));
    await until(() => payloadLog.counts.of("failed") === 1, "it fails");
    assert.match(String(lines[0]?.["msg"]), /Kafka can't be written to: .*ECONNREFUSED/);
    await payloadLog.stop(1000);
    assert.match(payloadLog.renderMetrics(), /sink="kafka",outcome="failed"\} 1\n/);
  });
});

describe("createPayloadLog", () => {
  it("takes Kafka from flag or environment, the flag first, and refuses what it can't use", async () => {
    const { log } = keptLog();
    const create = (flags: object, env: Readonly<Record<string, string>>) =>
      createPayloadLog({ ...FLAGS, ...flags }, env, log, () => "");
    for (const [flags, env] of [
      [{ logKafkaBroker: "a:1" }, { LOGGER_KAFKA_BROKER: "not a broker" }],
      [{}, { LOGGER_KAFKA_BROKER: "a:1", LOGGER_KAFKA_TOPIC: "x" }],
    ] as const) {
      const payloadLog = await create(flags, env);
      assert.match(payloadLog.renderMetrics(), /sink="kafka"/);
      await payloadLog.stop(0);
    }
    await assert.rejects(create({}, { LOGGER_KAFKA_BROKER: "not a broker" }), KafkaSettingsError);
    await assert.rejects(create({ logKafkaBroker: "a", logKafkaTopic: "a b" }, {}), KafkaSettingsError);
  });

  it("warns of a default endpoint that is no URL", async () => {
    const { log, lines } = keptLog();
    const payloadLog = await createPayloadLog(FLAGS, { REQUEST_LOGGER_DEFAULT_ENDPOINT: "broker:80" }, log, () => "");
    assert.match(String(lines[0]?.["msg"]), /REQUEST_LOGGER_DEFAULT_ENDPOINT "broker:80" is not an http or https URL/);
    await payloadLog.stop(0);
  });
});
