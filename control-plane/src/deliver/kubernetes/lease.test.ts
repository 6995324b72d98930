import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import fc from "fast-check";
import { ApiError, ApiUnreachable, type ApiClient } from "../../kubernetes-api/api-client.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import { Refusal } from "../../kubernetes-api/tests/fake-status.ts";
import { FakeStore } from "../../kubernetes-api/tests/fake-store.ts";
import { SteppedClock } from "../../kubernetes-api/tests/stepped-clock.ts";
import { startLeaderElection, type LeaderElection } from "./lease.ts";

const KEY = { namespace: "graphway", name: "graphway-lease" };

/** How the line to the server is: `lost`: the server does it, the answer does not come. */
type Line = "up" | "down" | "lost" | "hung";

/** One contender with a line of its own to the server. */
class Contender {
  line: Line = "up";
  readonly story: string[] = [];
  readonly errors: unknown[] = [];
  readonly election: LeaderElection;
  readonly identity: string;
  readonly #store: FakeStore;

  constructor(identity: string, store: FakeStore, clock: SteppedClock) {
    this.identity = identity;
    this.#store = store;
    const client: Pick<ApiClient, "get" | "create" | "replace"> = {
      get: (type, key) => this.#call(() => store.get(type, key)),
      create: (type, object) => this.#call(() => store.create(type, object)),
      replace: (type, object) => this.#call(() => store.replace(type, object)),
    };
    this.election = startLeaderElection({
      client,
      key: KEY,
      identity,
      clock,
      onAcquired: () => this.story.push("acquired"),
      onLost: () => this.story.push("lost"),
      onError: (error) => this.errors.push(error),
    });
  }

  async #call<T>(run: () => T): Promise<T> {
    await Promise.resolve();
    if (this.line === "hung") return new Promise(() => undefined);
    if (this.line === "down") throw new ApiUnreachable("down");
    try {
      const answer = run();
      if (this.line === "lost") throw new ApiUnreachable("lost");
      return answer;
    } catch (error) {
      throw error instanceof Refusal ? new ApiError(error.status, error.reason, error.message) : error;
    }
  }

  get leads(): boolean {
    return this.election.isLeading();
  }

  get spec(): Readonly<Record<string, unknown>> {
    return this.#store.get(RESOURCE.lease, KEY)?.["spec"] as Readonly<Record<string, unknown>>;
  }
}

describe("leader election", () => {
  let clock: SteppedClock;
  let store: FakeStore;
  let all: Contender[] = [];

  function join(identity: string): Contender {
    const contender = new Contender(identity, store, clock);
    all.push(contender);
    return contender;
  }

  beforeEach(() => {
    clock = new SteppedClock();
    store = new FakeStore();
    all = [];
  });
  afterEach(async () => {
    const stops = all.filter(({ line }) => line !== "hung").map(({ election }) => election.stop());
    await clock.advance(5_000);
    await Promise.all(stops);
  });

  it("the first leads, and the second waits", async () => {
    const a = join("a");
    await clock.advance(10);
    const b = join("b");
    await clock.advance(60_000);
    assert.deepEqual([a.leads, b.leads, a.story, b.story], [true, false, ["acquired"], []]);
    assert.equal(b.election.holder, "a");
    const { holderIdentity, leaseDurationSeconds, leaseTransitions, renewTime, acquireTime } = a.spec;
    assert.deepEqual([holderIdentity, leaseDurationSeconds, leaseTransitions], ["a", 15, 0]);
    assert.match(String(renewTime), /^2026-01-01T00:0\d:\d\d\.\d{6}Z$/);
    assert.equal(acquireTime, "2026-01-01T00:00:00.000000Z");
    assert.deepEqual([...a.errors, ...b.errors], []);
  });

  it("one of two who come at once leads", async () => {
    const [a, b] = [join("a"), join("b")];
    await clock.advance(20_000);
    assert.equal(Number(a.leads) + Number(b.leads), 1);
  });

  it("who stops gives the lease back, and another need not wait", async () => {
    const a = join("a");
    await clock.advance(10);
    const b = join("b");
    await clock.advance(10);
    const stopped = a.election.stop();
    assert.deepEqual([a.leads, a.story], [false, ["acquired", "lost"]]);
    await clock.advance(3_000);
    await stopped;
    assert.deepEqual([b.leads, b.spec["leaseTransitions"]], [true, 1]);
  });

  for (const line of ["down", "hung"] as const) {
    it(`who cannot renew loses before another may lead: ${line}`, async () => {
      const a = join("a");
      await clock.advance(10);
      const b = join("b");
      await clock.advance(4_000);
      a.line = line;
      await clock.advance(9_999);
      assert.equal(b.leads, false);
      await clock.advance(2_000);
      assert.deepEqual([a.leads, b.leads, a.story], [false, false, ["acquired", "lost"]]);
      await clock.advance(8_000);
      assert.deepEqual([a.leads, b.leads], [false, true]);
    });
  }

  it("a renewal whose answer was lost is found", async () => {
    const a = join("a");
    await clock.advance(10);
    a.line = "lost";
    await clock.advance(4_000);
    a.line = "up";
    await clock.advance(30_000);
    assert.deepEqual([a.leads, a.story], [true, ["acquired"]]);
  });

  it("who lost the lease by force stops at its next look", async () => {
    const a = join("a");
    await clock.advance(10);
    const lease = store.get(RESOURCE.lease, KEY) ?? assert.fail();
    store.put(RESOURCE.lease, { ...lease, spec: { ...a.spec, holderIdentity: "b" } });
    await clock.advance(2_100);
    assert.deepEqual([a.leads, a.story], [false, ["acquired", "lost"]]);
  });

  it("a lease that was deleted is made anew", async () => {
    const a = join("a");
    await clock.advance(10);
    store.delete(RESOURCE.lease, KEY);
    await clock.advance(2_100);
    assert.deepEqual([a.leads, a.story, a.spec["holderIdentity"]], [true, ["acquired"], "a"]);
  });

  it("who slept does not take itself for the leader, by either clock", async () => {
    const a = join("a");
    await clock.advance(10);
    clock.wallAheadMs += 20_000;
    assert.equal(a.leads, false);
    clock.wallAheadMs -= 20_000;
    assert.equal(a.leads, true);
  });

  it("a wall clock that is set takes no lease from anyone", async () => {
    const a = join("a");
    await clock.advance(10);
    const b = join("b");
    await clock.advance(3_000);
    clock.wallAheadMs += 3_600_000;
    await clock.advance(2_000);
    assert.deepEqual([b.leads, a.spec["holderIdentity"]], [false, "a"]);
  });

  it("two never lead at once, whatever happens to their lines", async () => {
    const lines = fc.constantFrom<Line>("up", "up", "down", "lost");
    const step = fc.record({ who: fc.nat(2), line: lines, forMs: fc.nat(12_000), ahead: fc.nat(30_000) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        clock = new SteppedClock();
        store = new FakeStore();
        const contenders = ["a", "b", "c"].map((identity) => new Contender(identity, store, clock));
        const checkOne = (): void => {
          assert.ok(contenders.filter(({ leads }) => leads).length <= 1);
        };
        for (const { who, line, forMs, ahead } of steps) {
          (contenders[who] ?? assert.fail()).line = line;
          clock.wallAheadMs += ahead - 15_000;
          for (let passed = 0; passed < forMs; passed += 500) {
            await clock.advance(500);
            checkOne();
          }
        }
        for (const contender of contenders) contender.line = "up";
        await clock.advance(20_000);
        assert.equal(contenders.filter(({ leads }) => leads).length, 1);
        const stops = contenders.map(({ election }) => election.stop());
        await clock.advance(3_000);
        await Promise.all(stops);
      }),
      { numRuns: 15 },
    );
  });
});
