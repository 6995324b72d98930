import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ApiError } from "../../kubernetes-api/api-client.ts";
import { settle, SteppedClock } from "../../kubernetes-api/tests/stepped-clock.ts";
import { startWorkQueue, type WorkQueueOptions } from "./work-queue.ts";

/** A queue whose work ends when the test says so. */
function startStepped(options: Partial<WorkQueueOptions> = {}) {
  const clock = new SteppedClock();
  const started: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const queue = startWorkQueue({
    clock,
    workers: 2,
    backOff: { firstMs: 100, longestMs: 1_000 },
    work: (key) => {
      started.push(key);
      return new Promise((resolve, reject) => {
        ends.set(key, (error) => {
          if (error === undefined) resolve(undefined);
          else reject(error);
        });
      });
    },
    ...options,
  });
  const end = async (key: string, error?: Error): Promise<void> => {
    (ends.get(key) ?? assert.fail(`${key} is not worked on`))(error);
    await settle();
  };
  return { clock, queue, started, end };
}

describe("the work queue", () => {
  it("has each key once, in the order in which they came", async () => {
    const { queue, started, end } = startStepped({ workers: 1 });
    for (const key of ["a", "b", "c", "b", "c", "c"]) queue.add(key);
    for (const key of ["a", "b", "c"]) await end(key);
    assert.deepEqual(started, ["a", "b", "c"]);
    assert.deepEqual([queue.counters.added, queue.counters.done, queue.counters.waiting], [6, 3, 0]);
  });

  it("works on one key by one worker, and on so many keys at a time", async () => {
    const { queue, started, end } = startStepped();
    for (const key of ["a", "a", "b", "c"]) queue.add(key);
    assert.deepEqual(started, ["a", "b"]);
    queue.add("a");
    await end("b");
    assert.deepEqual(started, ["a", "b", "c"]);
    assert.equal(queue.counters.running, 2);
  });

  it("works once more on what changed meanwhile", async () => {
    const { queue, started, end } = startStepped();
    queue.add("a");
    queue.add("a");
    queue.add("a");
    await end("a");
    await end("a");
    assert.deepEqual([started, queue.counters.done], [["a", "a"], 2]);
  });

  it("tries again after a back-off that grows, and forgets failures at the first success", async () => {
    const failures: number[] = [];
    let broken = true;
    const { queue, clock, started } = startStepped({
      onError: (_key, _error, inARow) => failures.push(inARow),
      work: (key) => {
        started.push(key);
        return broken ? Promise.reject(new Error("no")) : Promise.resolve(undefined);
      },
    });
    clock.chance = 1;
    queue.add("a");
    await settle();
    await clock.advance(99);
    assert.equal(started.length, 1);
    await clock.advance(1);
    assert.equal(started.length, 2);
    await clock.advance(100 + 200 + 400 + 800 + 1_000 - 100);
    assert.deepEqual([started.length, failures], [6, [1, 2, 3, 4, 5, 6]]);
    broken = false;
    queue.add("a");
    await settle();
    broken = true;
    queue.add("a");
    await settle();
    assert.equal(failures.at(-1), 1);
    assert.equal(started.length, 8);
  });

  it("is no hot loop when work that fails changes its own key", async () => {
    const started: number[] = [];
    const { queue, clock } = startStepped({
      work: (key) => {
        started.push(clock.monotonicMs());
        queue.add(key);
        return Promise.reject(new Error("no"));
      },
    });
    queue.add("a");
    await clock.advance(60_000);
    assert.ok(started.length > 10 && started.length < 100, `${started.length} times within a minute`);
  });

  it("waits as long as the server asks", async () => {
    const { queue, clock, started, end } = startStepped();
    queue.add("a");
    await end("a", new ApiError(429, "TooManyRequests", "slow down", 900));
    await clock.advance(899);
    assert.equal(started.length, 1);
    await clock.advance(200);
    assert.equal(started.length, 2);
  });

  it("comes back when the work says so, at the earliest of all times", async () => {
    const { queue, clock, started } = startStepped({
      work: (key) => {
        started.push(key);
        return Promise.resolve(started.length === 1 ? 500 : undefined);
      },
    });
    queue.add("a");
    await settle();
    queue.addAfter("a", 300);
    queue.addAfter("a", 400);
    await clock.advance(299);
    assert.equal(started.length, 1);
    await clock.advance(1);
    assert.equal(started.length, 2);
    await clock.advance(10_000);
    assert.deepEqual([started.length, clock.timers], [2, 0]);
  });

  it("a change does not wait for the time of a delay", async () => {
    const { queue, clock, started, end } = startStepped();
    queue.addAfter("a", 1_000);
    queue.add("a");
    await end("a");
    await clock.advance(2_000);
    assert.deepEqual(started, ["a"]);
  });

  it("forgets keys that are gone", async () => {
    const { queue, clock, started, end } = startStepped({ workers: 1 });
    queue.add("a");
    queue.add("b");
    queue.addAfter("c", 10);
    queue.add("a");
    for (const key of ["a", "b", "c"]) queue.forget(key);
    await end("a");
    await clock.advance(100);
    assert.deepEqual(started, ["a"]);
    await queue.idle();
  });

  it("takes nothing more when it is closed, and waits for what runs", async () => {
    const { queue, started, end, clock } = startStepped({ workers: 1 });
    queue.add("a");
    queue.add("b");
    queue.addAfter("c", 10);
    const steps: string[] = [];
    const closed = queue.close(5_000).then(() => steps.push("closed"));
    queue.add("d");
    await settle();
    steps.push("ending");
    await end("a");
    await closed;
    await clock.advance(10_000);
    assert.deepEqual([started, steps], [["a"], ["ending", "closed"]]);
    assert.equal(clock.timers, 0);
  });

  it("does not wait for ever for what does not end", async () => {
    const { queue, clock } = startStepped();
    queue.add("a");
    const closed = queue.close(5_000);
    await clock.advance(5_000);
    await closed;
  });

  it("never loses a change: after the last one, every key is worked on once more", async () => {
    const step = fc.record({ key: fc.constantFrom("a", "b", "c"), fails: fc.boolean(), waitMs: fc.nat(3) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
        const clock = new SteppedClock();
        const wanted = new Map<string, number>();
        const seen = new Map<string, number>();
        const busy = new Set<string>();
        let fails = false;
        const queue = startWorkQueue({
          clock,
          workers: 2,
          backOff: { firstMs: 2, longestMs: 8 },
          work: async (key) => {
            assert.ok(!busy.has(key));
            busy.add(key);
            const version = wanted.get(key) ?? 0;
            const isBad = fails;
            await new Promise<void>((resume) => clock.after(2, resume));
            busy.delete(key);
            if (isBad) throw new Error("scripted");
            seen.set(key, version);
            return undefined;
          },
        });
        for (const { key, fails: failsNow, waitMs } of steps) {
          fails = failsNow;
          wanted.set(key, (wanted.get(key) ?? 0) + 1);
          queue.add(key);
          if (waitMs > 0) await clock.advance(waitMs);
        }
        fails = false;
        await clock.advance(200);
        assert.deepEqual(Object.fromEntries(seen), Object.fromEntries(wanted));
        assert.equal(clock.timers, 0);
      }),
      { numRuns: 50 },
    );
  });
});
