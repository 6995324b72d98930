import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Span } from "./span.ts";
import { SpanQueue, type SpanQueueLimits } from "./span-queue.ts";

const LIMITS: SpanQueueLimits = { maxSpans: 10, maxBatchSpans: 4, delayMs: 60_000, exportTimeoutMs: 60_000 };

function span(name: string): Span {
  const ids = { traceId: "", spanId: "", parentSpanId: "", hasRemoteParent: false, traceState: "" };
  return { ...ids, name, kind: "internal", startMs: 0, endMs: 0, attributes: {}, error: undefined };
}

/** A queue whose collector answers when it is told to. */
function bed(limits: Partial<SpanQueueLimits> = {}) {
  const batches: string[][] = [];
  const answers: { resolve(): void; reject(error: Error): void }[] = [];
  const losses: string[] = [];
  const queue = new SpanQueue(
    { ...LIMITS, ...limits },
    (spans) => {
      batches.push(spans.map((one) => one.name));
      return new Promise((resolve, reject) => {
        answers.push({ resolve, reject });
      });
    },
    (why) => losses.push(why),
  );
  const add = (count: number): void => {
    for (let i = 0; i < count; i += 1) queue.add(span(String(i)));
  };
  return { queue, batches, answers, losses, add };
}

describe("spans on their way", () => {
  it("go out when a batch is full, one batch at a time", async () => {
    const { batches, answers, add, queue } = bed();
    add(3);
    assert.equal(batches.length, 0);
    add(6);
    assert.deepEqual(batches, [["0", "1", "2", "0"]]);
    answers[0]?.resolve();
    await until(() => batches.length === 2);
    assert.equal(batches[1]?.length, 4);
    answers[1]?.resolve();
    await until(() => queue.counts.exported === 8);
    assert.equal(batches.length, 2);
  });

  it("go out after a while when they are few", async () => {
    const { batches, add } = bed({ delayMs: 1 });
    add(2);
    const alive = setTimeout(() => {}, 60_000);
    await until(() => batches.length === 1);
    clearTimeout(alive);
  });

  it("are dropped and counted when they are too many", () => {
    const { queue, add, losses } = bed();
    add(20);
    // Four are on their way, ten wait.
    assert.deepEqual(queue.counts, { exported: 0, dropped: 6, failed: 0 });
    assert.equal(losses.length, 6);
  });

  it("are counted when the collector does not take them, and others follow", async () => {
    const { queue, add, answers, losses } = bed();
    add(8);
    answers[0]?.reject(new Error("away"));
    await until(() => answers.length === 2);
    answers[1]?.resolve();
    await until(() => queue.counts.exported === 4);
    assert.deepEqual(queue.counts, { exported: 4, dropped: 0, failed: 4 });
    assert.match(losses.join(), /away/);
  });

  it("are given up when the collector never answers", async () => {
    const { queue, add } = bed({ exportTimeoutMs: 5 });
    add(4);
    await until(() => queue.counts.failed === 4);
  });

  it("are all sent by a flush", async () => {
    const { queue, add, answers } = bed();
    add(10);
    const flushed = queue.flush(10_000);
    for (let i = 0; i < 3; i += 1) {
      await until(() => answers.length > i);
      answers[i]?.resolve();
    }
    assert.equal(await flushed, true);
    assert.equal(queue.counts.exported, 10);
    assert.equal(await queue.flush(0), true);
  });

  it("hold up a flush no longer than it may take", async () => {
    const { queue, add } = bed();
    add(2);
    assert.equal(await queue.flush(5), false);
  });

  it("are not sent again and again by a flush to a collector that is away", async () => {
    const { queue, add, answers } = bed();
    add(10);
    const flushed = queue.flush(10_000);
    answers[0]?.reject(new Error("away"));
    assert.equal(await flushed, false);
  });
});

async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!condition()) {
    assert.ok(performance.now() < endMs, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
