import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { EventQueue } from "./event-queue.ts";
import type { LogEvent } from "./log-event.ts";
import { eventOf, json, modelGraph, originOf } from "./tests/made.ts";

const base = eventOf(originOf(modelGraph()), json("{}"));

function event(heldBytes: number, sinceMs = 0): LogEvent {
  return { ...base, heldBytes, sinceMs };
}

function queue(limits: { maxEvents?: number; maxBytes?: number; maxWaitMs?: number }, late: LogEvent[] = []) {
  const all = { maxEvents: 10, maxBytes: 1000, maxWaitMs: 100, ...limits };
  return new EventQueue(all, (one) => late.push(one));
}

describe("EventQueue", () => {
  it("gives events back in order and refuses the newest when full", () => {
    const waiting = queue({ maxEvents: 2 });
    const events = [event(1), event(2), event(3)];
    assert.deepEqual(
      events.map((one) => waiting.offer(one)),
      [true, true, false],
    );
    assert.equal(waiting.take(0), events[0]);
    assert.equal(waiting.take(0), events[1]);
    assert.equal(waiting.take(0), undefined);
  });

  it("counts memory until it is released, not until it is taken", () => {
    const waiting = queue({ maxBytes: 100 });
    assert.ok(waiting.offer(event(60)));
    assert.ok(!waiting.offer(event(60)));
    waiting.take(0);
    assert.ok(!waiting.offer(event(60)));
    assert.ok(waiting.reserve(40));
    assert.ok(!waiting.reserve(1));
    waiting.release(100);
    assert.ok(waiting.offer(event(60)));
  });

  it("drops what is too old: when it would be taken, and when the room is needed", () => {
    const late: LogEvent[] = [];
    const waiting = queue({ maxEvents: 2, maxWaitMs: 100 }, late);
    const [old, older, fresh] = [event(1, 0), event(1, 10), event(1, 200)] as const;
    waiting.offer(old);
    waiting.offer(older);
    assert.ok(waiting.offer(fresh));
    assert.deepEqual(late, [old, older]);
    assert.equal(waiting.take(250), fresh);
    waiting.offer(event(1, 300));
    assert.equal(waiting.take(401), undefined);
    assert.equal(late.length, 3);
    assert.equal(waiting.heldBytes, 1);
  });

  it("drops nothing for its age once told to keep all", () => {
    const waiting = queue({});
    waiting.offer(event(1, 0));
    waiting.keepAll();
    assert.notEqual(waiting.take(1e9), undefined);
  });

  it("behaves as a list does, whatever comes in which order", () => {
    const steps = fc.array(fc.oneof(fc.constant("take"), fc.integer({ min: 1, max: 400 })), {
      maxLength: 4000,
      size: "max",
    });
    fc.assert(
      fc.property(steps, (all) => {
        const waiting = queue({ maxEvents: 1500, maxBytes: 100_000, maxWaitMs: Infinity });
        const model: LogEvent[] = [];
        let held = 0;
        for (const step of all) {
          if (step === "take") {
            const taken = waiting.take(0);
            assert.equal(taken, model.shift());
            if (taken !== undefined) waiting.release(taken.heldBytes);
            held -= taken?.heldBytes ?? 0;
          } else {
            const one = event(step);
            const fits = model.length < 1500 && held + one.heldBytes <= 100_000;
            assert.equal(waiting.offer(one), fits);
            if (fits) model.push(one);
            if (fits) held += one.heldBytes;
          }
          assert.equal(waiting.length, model.length);
          assert.equal(waiting.heldBytes, held);
        }
      }),
      { numRuns: 30 },
    );
  });
});
