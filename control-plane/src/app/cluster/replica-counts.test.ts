import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { Counts } from "../../deliver/programmed/counts-text.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import { startFakeApiServer, type FakeApiServer } from "../../kubernetes-api/tests/fake-api-server.ts";
import { settle, SteppedClock } from "../../kubernetes-api/tests/stepped-clock.ts";
import { until } from "../../kubernetes-api/tests/until.ts";
import { fastClock } from "./tests/fast-clock-for-tests.ts";
import { startReplicaCounts, type ReplicaCounts, type ReplicaCountsOptions } from "./replica-counts.ts";

const undo: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function server(): Promise<FakeApiServer> {
  const api = await startFakeApiServer();
  undo.push(() => api.stop());
  return api;
}

const one = (accepted: number, subscribed: number): Counts => new Map([["models/iris", { accepted, subscribed }]]);

function start(api: FakeApiServer, podName: string, options: Partial<ReplicaCountsOptions> = {}) {
  const told: string[] = [];
  let counts: Counts = new Map();
  const replica: ReplicaCounts = startReplicaCounts({
    client: api.client(),
    ownNamespace: "graphway",
    podName,
    podUid: `uid-of-${podName}`,
    clock: fastClock(100),
    counts: () => counts,
    onChange: (keys) => told.push(...keys),
    onError: (error) => {
      throw error;
    },
    ...options,
  });
  undo.push(() => replica.stop());
  return {
    replica,
    told,
    set: (next: Counts): void => {
      counts = next;
      replica.note();
    },
    others: () => replica.others("models/iris"),
  };
}

describe("replicas", () => {
  it("tell each other what their clients have accepted", async () => {
    const api = await server();
    const [first, second, third] = [start(api, "first"), start(api, "second"), start(api, "third")];
    first.set(one(1, 2));
    second.set(one(3, 3));
    await until(() => third.others()?.subscribed === 5, { saw: () => third.others() });
    assert.deepEqual(third.others(), { accepted: 4, subscribed: 5 });
    await until(() => first.others()?.subscribed === 3);
    assert.deepEqual(first.others(), { accepted: 3, subscribed: 3 }, "its own are not among the others'");
    assert.ok(third.told.includes("models/iris"));
    first.set(one(2, 2));
    await until(() => third.others()?.accepted === 5);
    await first.replica.stop();
    await until(() => third.others()?.subscribed === 3);
    const [lease] = api.objects.list(RESOURCE.lease, "graphway");
    assert.deepEqual(lease?.metadata.ownerReferences?.[0]?.kind, "Pod");
  });

  it("write only what changed, and say now and then that they live", async () => {
    const api = await server();
    const clock = new SteppedClock();
    const client = api.client();
    let writes = 0;
    const apply: typeof client.apply = async (...given) => {
      const applied = await client.apply(...given);
      writes += 1;
      return applied;
    };
    const first = start(api, "first", { client: { ...client, apply }, clock, quietMs: 3_000, renewMs: 30_000 });
    const written = async (count: number): Promise<void> => {
      await until(() => writes === count, { saw: () => writes });
      await settle();
    };
    for (let count = 1; count <= 40; count += 1) first.set(one(count, 40));
    await clock.advance(2_999);
    assert.equal(writes, 0);
    await clock.advance(1);
    await written(1);
    first.set(one(40, 40));
    await clock.advance(3_000);
    for (const count of [39, 38]) first.set(one(count, 40));
    await clock.advance(3_000);
    await written(2);
    await clock.advance(29_999);
    assert.equal(writes, 2);
    await clock.advance(1);
    await written(3);
    assert.equal(api.requests.filter(({ verb }) => verb === "apply").length, 3);
  });

  it("that fall silent do not count", async () => {
    const api = await server();
    const first = start(api, "first", { renewMs: 20_000 });
    first.replica.note();
    api.objects.put(RESOURCE.lease, {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: {
        namespace: "graphway",
        name: "graphway-xds-dead",
        labels: { "graphway.dev/xds-counts": "true" },
        annotations: { "graphway.dev/xds-counts": "H4sIAAAAAAAAA6tWMtQ3UrKqVsrNT0nNKVayilbKLMosVoqtrQUAdT2sqxsAAAA=" },
      },
    });
    await until(() => first.told.length > 0 || first.others() !== undefined);
    await until(() => first.others() === undefined);
  });
});
