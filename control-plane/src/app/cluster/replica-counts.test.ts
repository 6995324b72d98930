import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { Counts } from "../../deliver/programmed/counts-text.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import { startFakeApiServer, type FakeApiServer } from "../../kubernetes-api/tests/fake-api-server.ts";
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
    const writes = (): number => api.requests.filter(({ verb }) => verb === "apply").length;
    // A hundred times as fast: no more often than every 50 ms, renewed after 3 s.
    const first = start(api, "first", { quietMs: 5_000, renewMs: 300_000 });
    const startedMs = performance.now();
    for (let count = 1; count <= 40; count += 1) {
      first.set(one(count, 40));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await until(() => api.requests.at(-1)?.verb === "apply");
    const mostWrites = Math.ceil((performance.now() - startedMs) / 50) + 1;
    assert.ok(writes() >= 1 && writes() <= mostWrites, `${writes()} of at most ${mostWrites}`);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const before = writes();
    first.set(one(40, 40));
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.equal(writes(), before);
    await until(() => writes() > before);
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
