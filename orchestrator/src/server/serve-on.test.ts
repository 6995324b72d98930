import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { serveOn, type ServeOn } from "./serve-on.ts";

/** When it ends, and when clients were turned away, with requests at these times. */
async function run(times: ServeOn, requestsMs: readonly number[], lateMs = 0) {
  let nowMs = 50_000;
  const turnedAwayMs: number[] = [];
  const senders = {
    arrivals: () => requestsMs.filter((ms) => 50_000 + ms <= nowMs).length,
    turnAway: () => {
      turnedAwayMs.push(nowMs - 50_000);
    },
  };
  const sleep = (ms: number): Promise<void> => {
    assert.ok(ms >= 0);
    nowMs += ms + lateMs;
    return Promise.resolve();
  };
  await serveOn(times, senders, { nowMs: () => nowMs, sleep });
  return { endMs: nowMs - 50_000, turnedAwayMs };
}

const every = (ms: number, untilMs: number): number[] => Array.from({ length: untilMs / ms }, (_, i) => (i + 1) * ms);

describe("serving on after the signal to stop", () => {
  const times = { leastMs: 5000, mostMs: 9000 };

  it("ends with the least time when nothing comes any more", async () => {
    assert.deepEqual(await run(times, []), { endMs: 5000, turnedAwayMs: [] });
    assert.deepEqual(await run(times, every(10, 4000)), { endMs: 5000, turnedAwayMs: [] });
  });

  it("goes on while requests come, and a second longer", async () => {
    assert.deepEqual(await run(times, [4001]), { endMs: 6000, turnedAwayMs: [5000] });
    assert.deepEqual(await run(times, every(300, 6900)), { endMs: 8000, turnedAwayMs: [5000, 6000, 7000] });
  });

  it("ends with the most time though requests still come", async () => {
    assert.deepEqual(await run(times, every(10, 20_000)), { endMs: 9000, turnedAwayMs: [5000, 6000, 7000, 8000] });
    const odd = { leastMs: 2000, mostMs: 3600 };
    assert.deepEqual(await run(odd, every(10, 20_000)), { endMs: 3600, turnedAwayMs: [2000, 3000] });
  });

  it("counts time by the clock, however late its timers are", async () => {
    assert.deepEqual(await run(times, every(10, 30_000), 700), { endMs: 9700, turnedAwayMs: [6400, 8100] });
  });

  it("is over at once where the least time is none, and looks at all of a short one", async () => {
    assert.deepEqual(await run({ leastMs: 0, mostMs: 0 }, every(10, 1000)), { endMs: 0, turnedAwayMs: [] });
    assert.deepEqual(await run({ leastMs: 100, mostMs: 180 }, [0, 40]), { endMs: 180, turnedAwayMs: [100] });
    assert.deepEqual(await run({ leastMs: 100, mostMs: 180 }, [0]), { endMs: 100, turnedAwayMs: [] });
  });
});
