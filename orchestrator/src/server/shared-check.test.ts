import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { shareCheck } from "./shared-check.ts";

describe("a shared check", () => {
  it("runs once for all who ask while it runs", async () => {
    const running = Promise.withResolvers<boolean>();
    const check = mock.fn(() => running.promise);
    const ask = shareCheck(check, 0);
    const answers = [ask(), ask(), ask()];
    running.resolve(true);
    assert.deepEqual(await Promise.all(answers), [true, true, true]);
    assert.equal(check.mock.callCount(), 1);
  });

  it("is never older than the question, and never sooner than its spacing", async () => {
    const startsMs: number[] = [];
    let isReady = false;
    const ask = shareCheck(() => {
      startsMs.push(performance.now());
      return Promise.resolve(isReady);
    }, 40);
    assert.equal(await ask(), false);
    isReady = true;
    assert.deepEqual(await Promise.all([ask(), ask()]), [true, true]);
    assert.equal(startsMs.length, 2);
    // Timers count whole milliseconds, and may fire one early.
    assert.ok((startsMs[1] ?? 0) - (startsMs[0] ?? 0) >= 37);
  });

  it("passes an error to all who wait, and runs again", async () => {
    let turn = 0;
    const ask = shareCheck(() => {
      turn += 1;
      return turn === 1 ? Promise.reject(new Error("broken")) : Promise.resolve(true);
    }, 0);
    await Promise.all([assert.rejects(ask(), /broken/), assert.rejects(ask(), /broken/)]);
    assert.equal(await ask(), true);
  });
});
