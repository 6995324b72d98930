import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RunLog } from "../../execute/run.ts";
import type { Graph } from "../../graph/graph.ts";
import { PayloadLog, type PayloadLogLimits } from "./payload-log.ts";
import type { Delivery, ReadyEvent, Sink } from "./sink.ts";
import { json, keptLog, modelGraph, until } from "./tests/made.ts";

/** A sink that delivers when it is told to. */
class HeldSink implements Sink {
  readonly name = "http";
  readonly maxBatchEvents: number;
  readonly maxBatchBytes: number;
  readonly batches: (readonly ReadyEvent[])[] = [];
  readonly #waiting: ((delivery: Delivery) => void)[] = [];
  isClosed = false;

  constructor(maxBatchEvents = 1, maxBatchBytes = Infinity) {
    this.maxBatchEvents = maxBatchEvents;
    this.maxBatchBytes = maxBatchBytes;
  }

  deliver(events: readonly ReadyEvent[]): Promise<Delivery> {
    this.batches.push(events);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Ends the oldest delivery. */
  end(delivery: Delivery = { outcome: "sent" }): void {
    this.#waiting.shift()?.(delivery);
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

const LIMITS: PayloadLogLimits = { workers: 2, maxEvents: 100, maxBytes: 1 << 20, maxWaitMs: 60_000 };

function logWith(sink: Sink, limits: Partial<PayloadLogLimits> = {}) {
  const kept = keptLog();
  const graph = modelGraph();
  const payloadLog = new PayloadLog(sink, { ...LIMITS, ...limits }, kept.log);
  return { payloadLog, graph, lines: kept.lines, run: begin(payloadLog, graph) };
}

function begin(payloadLog: PayloadLog, graph: Graph): RunLog {
  const run = payloadLog.begin(graph, {
    puid: "p",
    headers: { pairs: [], acceptEncoding: "" },
    header: () => undefined,
  });
  assert.ok(run !== undefined);
  return run;
}

function give(run: RunLog, graph: Graph, count: number, text = "{}"): void {
  for (let i = 0; i < count; i += 1) run.given(graph.root, json(text));
}

describe("PayloadLog", { timeout: 600_000 }, () => {
  it("only queues on the request's path, then sends by as many workers as there are", async () => {
    const sink = new HeldSink();
    const { payloadLog, graph, run } = logWith(sink);
    give(run, graph, 5);
    assert.equal(sink.batches.length, 0);
    await until(() => sink.batches.length === 2, "both workers at work");
    for (let i = 0; i < 5; i += 1) {
      await until(() => sink.batches.length > i, "the next event");
      sink.end();
    }
    await until(() => payloadLog.counts.of("sent") === 5, "all sent");
    await payloadLog.stop(0);
    assert.ok(sink.isClosed);
  });

  it("drops the newest and counts when the queue is full by count or by bytes, with few words", async () => {
    for (const limits of [{ maxEvents: 10 }, { maxBytes: 10 * (512 + 100) }]) {
      const sink = new HeldSink();
      const { payloadLog, graph, run, lines } = logWith(sink, limits);
      give(run, graph, 50, "x".repeat(100));
      assert.equal(payloadLog.counts.of("queue_full"), 40);
      assert.equal(lines.length, 1);
      assert.match(String(lines[0]?.["msg"]), /queue is full/);
      await payloadLog.stop(0);
      assert.equal(payloadLog.counts.of("unsent") + sink.batches.length, 10);
    }
  });

  it("drops and counts what waited too long behind slow deliveries", async (t) => {
    let nowMs = 1_000;
    t.mock.method(performance, "now", () => nowMs);
    const sink = new HeldSink();
    const { payloadLog, graph, run } = logWith(sink, { workers: 1, maxWaitMs: 20 });
    give(run, graph, 4);
    await until(() => sink.batches.length === 1, "the first delivery");
    nowMs += 25;
    sink.end();
    await until(() => payloadLog.counts.of("too_late") === 3, "the others are dropped");
    assert.equal(sink.batches.length, 1);
    await payloadLog.stop(0);
  });

  it("counts how deliveries fail, and tells of it at most once a second", async () => {
    const sink = new HeldSink();
    const { payloadLog, graph, run, lines } = logWith(sink, { workers: 1 });
    give(run, graph, 3);
    for (const outcome of ["rejected", "failed", "no_endpoint"] as const) {
      const before = sink.batches.length;
      if (before === 0) await until(() => sink.batches.length === 1, "a delivery");
      sink.end({ outcome, reason: `it was ${outcome}` });
      await until(() => payloadLog.counts.of(outcome) === 1, outcome);
    }
    assert.deepEqual(
      lines.map((line) => line["msg"]),
      ["payload log: it was rejected"],
    );
    await payloadLog.stop(0);
    const text = payloadLog.renderMetrics();
    assert.match(text, /events_total\{sink="http",outcome="rejected"\} 1\n/);
    assert.match(text, /events_total\{sink="http",outcome="sent"\} 0\n/);
  });

  it("hands over many at once where the sink takes many, bounded by bytes", async () => {
    const sink = new HeldSink(4, 250);
    const { payloadLog, graph, run } = logWith(sink, { workers: 1 });
    give(run, graph, 5, "x".repeat(10));
    give(run, graph, 3, "x".repeat(100));
    give(run, graph, 1, "x".repeat(1000));
    const sizes = [4, 3, 1, 1];
    for (const [i] of sizes.entries()) {
      await until(() => sink.batches.length === i + 1, "the next batch");
      sink.end();
    }
    assert.deepEqual(
      sink.batches.map((batch) => batch.length),
      sizes,
    );
    await until(() => payloadLog.counts.of("sent") === 9, "all sent");
    await payloadLog.stop(0);
  });

  it("sends what waits before it stops, for as long as it may, and says what is left", async () => {
    const sink = new HeldSink();
    const { payloadLog, graph, run, lines } = logWith(sink, { workers: 1 });
    give(run, graph, 4);
    await until(() => sink.batches.length === 1, "the first delivery");
    const stopped = payloadLog.stop(3_000);
    sink.end();
    await until(() => sink.batches.length === 2, "the second delivery");
    sink.end();
    await until(() => sink.batches.length === 3, "the third delivery");
    await stopped;
    assert.equal(payloadLog.counts.of("sent"), 2);
    assert.deepEqual(
      lines.map((line) => [line["msg"], line["left"]]),
      [["payload log: events were not sent before the end", 2]],
    );
    give(run, graph, 1);
    assert.equal(payloadLog.counts.of("unsent"), 2);
  });

  it("stops at once when there is nothing to send", async () => {
    const { payloadLog, lines } = logWith(new HeldSink());
    // Longer than this test may take.
    await payloadLog.stop(600_000);
    assert.deepEqual(lines, []);
  });

  it("goes on after a sink that throws", async () => {
    const sink: Sink = {
      name: "http",
      maxBatchEvents: 1,
      maxBatchBytes: Infinity,
      deliver: () => Promise.reject(new Error("a fault")),
      close: () => Promise.resolve(),
    };
    const { payloadLog, graph, run } = logWith(sink, { workers: 1 });
    give(run, graph, 3);
    await until(() => payloadLog.counts.of("failed") === 3, "all are counted");
    await payloadLog.stop(0);
  });

  it("makes no log for a request that asks for none", () => {
    const { payloadLog, graph } = logWith(new HeldSink());
    const headers = { pairs: ["seldon-skip-logging", "On"], acceptEncoding: "" };
    assert.equal(payloadLog.begin(graph, { puid: "p", headers, header: () => undefined }), undefined);
  });
});
