import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { serveOn, type ServeOn } from "./serve-on.ts";

/** When it ends, and when clients were turned away, with requests at these times and nodes that go at `goneMs`. */
async function run(times: ServeOn, requestsMs: readonly number[], { lateMs = 0, goneMs = Infinity, askMs = 0 } = {}) {
  let nowMs = 50_000;
  const turnedAwayMs: number[] = [];
  const peers = {
    arrivals: () => requestsMs.filter((ms) => 50_000 + ms <= nowMs).length,
    turnAway: () => {
      turnedAwayMs.push(nowMs - 50_000);
    },
    areNodesThere: () => {
      nowMs += askMs;
      return Promise.resolve(nowMs - 50_000 < goneMs);
    },
  };
  const sleep = (ms: number): Promise<void> => {
    assert.ok(ms >= 0);
    nowMs += ms + lateMs;
    return Promise.resolve();
  };
  await serveOn(times, peers, { nowMs: () => nowMs, sleep });
  return { endMs: nowMs - 50_000, turnedAwayMs };
}

const every = (ms: number, untilMs: number): number[] => Array.from({ length: untilMs / ms }, (_, i) => (i + 1) * ms);

describe("serving on after the signal to stop", () => {
  const times = { leastMs: 5000, mostMs: 9000 };

  it("ends with the least time when nothing comes any more", async () => {
    assert.deepEqual(await run(times, []), { endMs: 5000, turnedAwayMs: [] });
    assert.deepEqual(await run(times, every(10, 3000)), { endMs: 5000, turnedAwayMs: [] });
  });

  it("goes on while requests come, and two seconds longer", async () => {
    assert.deepEqual(await run(times, [3001]), { endMs: 7000, turnedAwayMs: [5000, 5500, 6000, 6500] });
    assert.deepEqual(await run(times, [3001, 6900]), { endMs: 9000, turnedAwayMs: every(500, 8500).slice(9) });
    assert.deepEqual(await run(times, [3001, 5001]), { endMs: 7500, turnedAwayMs: every(500, 7000).slice(9) });
  });

  it("ends with the most time though requests still come", async () => {
    assert.deepEqual(await run(times, every(10, 20_000)), { endMs: 9000, turnedAwayMs: every(500, 8500).slice(9) });
    const odd = { leastMs: 2000, mostMs: 3600 };
    assert.deepEqual(await run(odd, every(10, 20_000)), { endMs: 3600, turnedAwayMs: [2000, 2500, 3000, 3500] });
  });

  it("ends once nodes are gone, though requests still come, but never before the least time", async () => {
    const load = every(10, 20_000);
    assert.deepEqual(await run(times, load, { goneMs: 6200 }), { endMs: 6500, turnedAwayMs: [5000, 5500, 6000] });
    assert.deepEqual(await run(times, load, { goneMs: 0 }), { endMs: 5000, turnedAwayMs: [] });
  });

  it("counts time by the clock, however late its timers and slow its nodes are", async () => {
    const load = every(10, 30_000);
    assert.deepEqual(await run(times, load, { lateMs: 700 }), { endMs: 9700, turnedAwayMs: [6400, 7600, 8800] });
    assert.deepEqual(await run(times, load, { askMs: 400 }), {
      endMs: 9000,
      turnedAwayMs: [5400, 6300, 7200, 8100, 9000],
    });
  });

  it("is over at once where the least time is none, and looks at all of a short one", async () => {
    assert.deepEqual(await run({ leastMs: 0, mostMs: 0 }, every(10, 1000)), { endMs: 0, turnedAwayMs: [] });
    // Requests come with time, however little passes: nobody waits for them.
    assert.deepEqual(await run({ leastMs: 0, mostMs: 8000 }, [1], { lateMs: 1 }), { endMs: 0, turnedAwayMs: [] });
    assert.deepEqual(await run({ leastMs: 100, mostMs: 180 }, [0, 40]), { endMs: 180, turnedAwayMs: [100] });
    assert.deepEqual(await run({ leastMs: 100, mostMs: 180 }, [0]), { endMs: 100, turnedAwayMs: [] });
  });
});
