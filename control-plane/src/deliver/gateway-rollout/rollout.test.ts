import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeResource } from "../../render/xds/encode.ts";
import type { EncodedResource } from "../../render/xds/resource.ts";
import { clusterOf } from "../xds-server/resources-for-tests.ts";
import { createRollout, type Delivery, type GatewaySnapshot } from "./rollout.ts";

const CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
const AGGREGATE = "type.googleapis.com/envoy.extensions.clusters.aggregate.v3.ClusterConfig";
const ENDPOINTS = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
const ROUTES = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
const FILTER = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";

function resource(typeUrl: string, name: string, version: string): EncodedResource {
  return { typeUrl, name, version, bytes: new Uint8Array() };
}

/** A snapshot whose routes and table name exactly its clusters. */
function snapshotOf(label: string, clusters: readonly string[]): GatewaySnapshot {
  return {
    backends: clusters.map((name) => resource(CLUSTER, name, "1")),
    routing: [resource(ROUTES, "graphway", label)],
    table: { fingerprint: label, encode: () => resource(FILTER, "graphway.gateway", label) },
  };
}

/** Records what happens; answers come when the test says so, or at once. */
function recordingDelivery(answers: "at once" | "by hand" = "at once") {
  const events: string[] = [];
  const waiting: (() => void)[] = [];
  let refused = false;
  const delivery: Delivery = {
    apply({ set, remove }) {
      events.push(
        [...set.map((one) => `+${one.name}@${one.version}`), ...remove.map((one) => `-${one.name}`)].join(" "),
      );
    },
    isRefused: () => refused,
    whenAnswered: () => (answers === "at once" ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
  return { delivery, events, answer: () => waiting.shift()?.(), refuse: (now: boolean) => (refused = now) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A rollout whose first snapshot could not be encoded, and is not tried again by itself. */
async function startedBroken() {
  const { delivery, events } = recordingDelivery();
  const faulted = Promise.withResolvers<unknown>();
  const options = { delivery, tableIntervalMs: 0, onPruned: () => undefined, onFault: faulted.resolve };
  const rollout = createRollout({ ...options, retryAfterMs: 3_600_000 });
  const broken = { fingerprint: "broken", encode: () => assert.fail("a bug") };
  rollout.publish({ ...snapshotOf("v1", ["a"]), table: broken });
  await faulted.promise;
  return { rollout, events };
}

describe("rollout", () => {
  it("sends backends first, then what names them, and takes old backends away last", async () => {
    const { delivery, events } = recordingDelivery();
    await new Promise<void>((pruned) => {
      const rollout = createRollout({ delivery, tableIntervalMs: 0, drainMs: 5, onPruned: pruned });
      rollout.publish(snapshotOf("v1", ["a"]));
      void rollout.settled().then(() => {
        rollout.publish(snapshotOf("v2", ["b"]));
      });
    });
    assert.deepEqual(events, [
      "+a@1",
      "+graphway@v1 +graphway.gateway@v1",
      "+b@1",
      "+graphway@v2 +graphway.gateway@v2",
      "-a",
    ]);
  });

  it("sends a cluster that is made of others after them", async () => {
    const { delivery, events } = recordingDelivery();
    const rollout = createRollout({ delivery, tableIntervalMs: 0, onPruned: () => undefined });
    const both = { name: "envoy.clusters.aggregate", typed_config: { "@type": AGGREGATE, clusters: ["a/pods"] } };
    const made = encodeResource({ typeUrl: CLUSTER, name: "a", body: { name: "a", cluster_type: both } });
    const backends = [made, clusterOf("a/pods", { ads: {} }), resource(ENDPOINTS, "a", "1")];
    rollout.publish({ ...snapshotOf("v1", []), backends });
    await rollout.settled();
    const names = events.map((event) => event.replaceAll(/@[^ ]+/g, ""));
    assert.deepEqual(names, ["+a/pods +a", "+a", "+graphway +graphway.gateway"]);
    rollout.close();
  });

  it("waits for the answer to the backends before it sends routes", async () => {
    const { delivery, events, answer } = recordingDelivery("by hand");
    const rollout = createRollout({ delivery, tableIntervalMs: 0, onPruned: () => undefined });
    rollout.publish(snapshotOf("v1", ["a"]));
    await turn();
    assert.deepEqual(events, ["+a@1"]);
    answer();
    await turn();
    assert.deepEqual(events, ["+a@1", "+graphway@v1 +graphway.gateway@v1"]);
    rollout.close();
  });

  it("never sends the routes of a snapshot that was overtaken", async () => {
    const { delivery, events, answer } = recordingDelivery("by hand");
    const rollout = createRollout({ delivery, tableIntervalMs: 0, onPruned: () => undefined });
    rollout.publish(snapshotOf("v1", ["a"]));
    rollout.publish(snapshotOf("v2", ["b"]));
    rollout.publish(snapshotOf("v3", ["c"]));
    for (let step = 0; step < 6; step += 1) {
      answer();
      await turn();
    }
    assert.deepEqual(events, ["+a@1", "+c@1", "+graphway@v3 +graphway.gateway@v3"]);
    rollout.close();
  });

  it("keeps a backend that is wanted again before it was drained", async () => {
    const { delivery, events } = recordingDelivery();
    const rollout = createRollout({ delivery, tableIntervalMs: 0, drainMs: 20, onPruned: () => undefined });
    for (const [label, clusters] of [
      ["v1", ["a"]],
      ["v2", ["b"]],
      ["v3", ["a", "b"]],
    ] as const) {
      rollout.publish(snapshotOf(label, clusters));
      await rollout.settled();
    }
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.ok(rollout.holds("a"));
    assert.ok(!events.some((event) => event.startsWith("-")));
    rollout.close();
  });

  it("keeps a backend that is wanted again while the snapshot without it is on its way", async () => {
    const { delivery, events, answer } = recordingDelivery("by hand");
    const rollout = createRollout({ delivery, tableIntervalMs: 0, drainMs: 0, onPruned: () => undefined });
    const step = async (): Promise<void> => {
      answer();
      await new Promise((resolve) => setTimeout(resolve, 5)); // longer than the drain time
    };
    rollout.publish(snapshotOf("v1", ["a", "b"]));
    for (let answers = 0; answers < 3; answers += 1) await step();
    rollout.publish(snapshotOf("v2", ["b"]));
    await step();
    rollout.publish(snapshotOf("v3", ["a", "b"]));
    for (let answers = 0; answers < 3; answers += 1) await step();
    assert.ok(events.at(-1)?.includes("@v3"), events.join(", "));
    assert.ok(rollout.holds("a"), events.join(", "));
    rollout.close();
  });

  it("takes nothing away while Envoy goes on with what it had, and drains anew once it has accepted", async () => {
    const { delivery, events, refuse } = recordingDelivery();
    const pruned = Promise.withResolvers<undefined>();
    const onPruned = (): void => {
      pruned.resolve(undefined);
    };
    const rollout = createRollout({ delivery, tableIntervalMs: 0, drainMs: 5, onPruned });
    rollout.publish(snapshotOf("v1", ["a"]));
    await rollout.settled();
    refuse(true);
    for (const label of ["v2", "v3"]) {
      rollout.publish(snapshotOf(label, ["b"]));
      await new Promise((resolve) => setTimeout(resolve, 30));
      assert.ok(rollout.holds("a"), events.join(", "));
    }
    refuse(false);
    rollout.publish(snapshotOf("v4", ["b"]));
    await pruned.promise;
    assert.equal(events.at(-1), "-a");
    assert.ok(!rollout.holds("a"));
  });

  it("sends nothing when nothing changed, and the table at most once per interval", async () => {
    const { delivery, events } = recordingDelivery();
    const rollout = createRollout({ delivery, tableIntervalMs: 50, onPruned: () => undefined });
    const startedMs = Date.now();
    for (const label of ["v1", "v1", "v2"]) {
      rollout.publish(snapshotOf(label, ["a"]));
      await rollout.settled();
    }
    assert.deepEqual(events, ["+a@1", "+graphway@v1 +graphway.gateway@v1", "+graphway@v2 +graphway.gateway@v2"]);
    assert.ok(Date.now() - startedMs >= 45, "the second table waited");
    rollout.close();
  });

  it("goes on with the next snapshot after one that could not be encoded", async () => {
    const { rollout, events } = await startedBroken();
    rollout.publish(snapshotOf("v2", ["a"]));
    await rollout.settled();
    assert.deepEqual(events, ["+a@1", "+graphway@v2 +graphway.gateway@v2"]);
    rollout.close();
  });

  for (const [what, ofSend] of [
    ["backends", 1],
    ["routes and table", 2],
  ] as const)
    it(`tries again to send ${what}, and is not settled before they are sent`, async () => {
      const { delivery, events } = recordingDelivery();
      const faults: unknown[] = [];
      let sends = 0;
      const failing: Delivery = {
        ...delivery,
        apply: (changes) => {
          sends += 1;
          if (sends >= ofSend && faults.length < 2) throw new Error("a bug");
          delivery.apply(changes);
        },
      };
      const onFault = (error: unknown): void => void faults.push(error);
      const rollout = createRollout({
        ...{ delivery: failing, tableIntervalMs: 0, onPruned: () => undefined },
        ...{ onFault, retryAfterMs: 1 },
      });
      rollout.publish(snapshotOf("v1", ["a"]));
      await rollout.settled();
      assert.equal(faults.length, 2);
      assert.deepEqual(events, ["+a@1", "+graphway@v1 +graphway.gateway@v1"]);
      rollout.close();
    });

  it("gives up what can't be sent when it is closed", async () => {
    const { rollout, events } = await startedBroken();
    rollout.close();
    await rollout.settled();
    assert.deepEqual(events, ["+a@1"]);
  });
});
