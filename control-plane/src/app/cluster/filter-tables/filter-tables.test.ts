import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MeshNode } from "../../../deliver/xds-identity/mesh-node.ts";
import { TYPE } from "../../../render/xds/type-urls.ts";
import { planFor } from "./plans-for-tests.ts";
import { PUBLIC, CALLER, MESHED, istioObject, setUp } from "./tables-rig-for-tests.ts";

describe("tables for proxies", () => {
  it("are there for those who ask, when the cluster is known, and not before", () => {
    const here = setUp();
    here.subscribe(1, PUBLIC, "gateway");
    here.look(planFor("models/iris"));
    assert.equal(here.keys(PUBLIC, "gateway"), undefined);
    here.tables.begin();
    assert.equal(here.keys(PUBLIC, "gateway"), "models/iris");
    assert.equal([...here.store.names(TYPE.filterConfig)].length, 1);
    here.subscribe(2, CALLER, "outbound", "inbound");
    assert.equal(here.keys(CALLER, "outbound"), "");
    assert.equal(here.keys(CALLER, "inbound"), "");
    assert.equal(here.table(CALLER, "inbound")?.role, "inbound");
    assert.equal(here.table(CALLER, "inbound")?.peersOnly, true);
  });

  it("of a gateway hold deployments of the gateways that it is", async () => {
    const here = setUp();
    here.look(planFor("models/iris"));
    here.look(planFor("models/inside", { gateways: ["internal"] }));
    here.look(planFor("models/meshed", MESHED));
    here.look(planFor("models/both", { gateways: ["mesh", "istio-system/public"] }));
    here.tables.begin();
    here.subscribe(1, PUBLIC, "gateway");
    assert.equal(here.keys(PUBLIC, "gateway"), "models/both models/inside models/iris", "nobody knows the gateways");
    here.setObjects({
      gateways: [
        istioObject("istio-system/public", { selector: { istio: "ingressgateway" } }),
        istioObject("models/internal", { selector: { istio: "internal" } }),
      ],
    });
    await here.clock.advance(1000);
    assert.equal(here.keys(PUBLIC, "gateway"), "models/both models/iris");
  });

  it("of a caller hold what its Sidecar lets it call", async () => {
    const here = setUp();
    here.look(planFor("models/iris", MESHED));
    here.look(planFor("apps/own", { gateways: ["mesh"], hosts: ["own.apps.svc.cluster.local"] }));
    here.look(planFor("models/public"));
    here.tables.begin();
    here.subscribe(1, CALLER, "outbound");
    assert.equal(here.keys(CALLER, "outbound"), "apps/own models/iris");
    here.setObjects({ sidecars: [istioObject("apps/default", { egress: [{ hosts: ["./*"] }] })] });
    await here.clock.advance(1000);
    assert.equal(here.keys(CALLER, "outbound"), "apps/own");
  });

  it("name shadows' clusters as Istio does; VirtualServices name those of predictors", () => {
    const here = setUp();
    const shadows = [{ predictor: "copy", percent: 100 }];
    here.look(planFor("models/iris", { shadows, split: [{ predictor: "main", weight: 1 }] }, { main: 100, copy: 0 }));
    here.tables.begin();
    here.subscribe(1, PUBLIC, "gateway");
    assert.equal(here.table(PUBLIC, "gateway")?.role, "outbound");
    const [deployment] = here.table(PUBLIC, "gateway")?.deployments ?? [];
    const [predictor] = deployment?.predictors ?? [];
    const [shadow] = deployment?.shadows ?? [];
    assert.equal(predictor?.httpCluster, "");
    assert.equal(shadow?.httpCluster, "outbound|8000|copy|iris-copy.models.svc.cluster.local");
    assert.equal(shadow.grpcCluster, "outbound|5001|copy|iris-copy.models.svc.cluster.local");
  });

  it("change at once, and then at most once a second, with numbers that grow", async () => {
    const here = setUp();
    here.look(planFor("models/iris"));
    here.tables.begin();
    here.subscribe(1, PUBLIC, "gateway");
    const first = here.table(PUBLIC, "gateway");
    await here.clock.advance(5000);
    const changed: number[] = [];
    here.store.onChange(() => changed.push(here.clock.monotonicMs()));
    for (let weight = 1; weight <= 30; weight += 1) {
      here.look(planFor("models/iris", {}, { main: 100, canary: weight }));
      await here.clock.advance(100);
    }
    await here.clock.advance(5000);
    assert.deepEqual(changed, [5000, 6000, 7000, 8000]);
    const last = here.table(PUBLIC, "gateway");
    assert.equal(last?.deployments[0]?.predictors.find((one) => one.name === "canary")?.weight, 30);
    assert.ok(first !== undefined && last.generation > first.generation);
  });

  it("are sent again under a new number when contents come back", async () => {
    const here = setUp();
    const numbers: (bigint | undefined)[] = [];
    here.tables.begin();
    here.subscribe(1, PUBLIC, "gateway");
    const versions: (string | undefined)[] = [];
    for (const weight of [1, 2, 1, 2]) {
      here.look(planFor("models/iris", {}, { main: 100, canary: weight }));
      await here.clock.advance(1500);
      numbers.push(here.table(PUBLIC, "gateway")?.generation);
      versions.push(here.resourceOf(PUBLIC, "gateway")?.version);
    }
    assert.equal(new Set(numbers).size, 4);
    assert.deepEqual(numbers, [...numbers].sort());
    assert.deepEqual(versions.slice(0, 2), versions.slice(2));
  });

  it("do not change for what no request can notice", async () => {
    const here = setUp();
    here.look(planFor("models/iris"));
    here.tables.begin();
    here.subscribe(1, PUBLIC, "gateway");
    const changed: unknown[] = [];
    here.store.onChange((one) => changed.push(one));
    here.look(planFor("models/iris", { workloads: { pods: [{ name: "x" }], services: [] } as never }));
    here.look(planFor("models/other", MESHED));
    await here.clock.advance(3000);
    assert.deepEqual(changed, []);
  });

  it("are encoded once for all who have the same", () => {
    const here = setUp();
    here.look(planFor("models/iris", MESHED));
    here.tables.begin();
    const others = ["a", "b", "c"].map((namespace): MeshNode => ({ ...CALLER, namespace }));
    for (const [stream, node] of others.entries()) here.subscribe(stream, node, "outbound");
    const all = others.map((node) => here.resourceOf(node, "outbound")?.bytes);
    assert.ok(all[0] !== undefined && all.every((bytes) => bytes === all[0]));
  });

  it("of a caller whose namespace is permitted more are its own", () => {
    const here = setUp();
    const permits = { force: [{ kind: "namespace", namespace: "apps" }], explain: [] } as const;
    here.look(planFor("models/iris", { ...MESHED, permits }));
    here.tables.begin();
    const other = { ...CALLER, namespace: "other" };
    here.subscribe(1, CALLER, "outbound");
    here.subscribe(2, other, "outbound");
    const bytes = [CALLER, other].map((node) => here.resourceOf(node, "outbound"));
    assert.notEqual(bytes[0]?.name, bytes[1]?.name);
  });

  it("are kept for a while when nobody asks any more, and then are gone", async () => {
    const here = setUp({ maxScopes: 1 });
    here.look(planFor("models/iris"));
    here.tables.begin();
    here.subscribe(1, PUBLIC, "gateway");
    assert.equal(here.storedName(CALLER, "outbound"), undefined, "there is room for one only");
    here.say(1, PUBLIC, { kind: "disconnect" });
    await here.clock.advance(50_000);
    assert.equal(here.keys(PUBLIC, "gateway"), "models/iris");
    here.subscribe(2, PUBLIC, "gateway");
    await here.clock.advance(50_000);
    assert.equal(here.keys(PUBLIC, "gateway"), "models/iris");
    here.say(2, PUBLIC, { kind: "disconnect" });
    await here.clock.advance(60_000);
    assert.deepEqual([...here.store.names(TYPE.filterConfig)], []);
    assert.equal(here.clock.timers, 0);
    assert.notEqual(here.storedName(CALLER, "outbound"), undefined);
  });

  it("of one namespace are so many at most, and those of others go on", async () => {
    const here = setUp({ maxScopesPerNamespace: 2 });
    const caller = (namespace: string, app: string): MeshNode => ({ kind: "sidecar", namespace, labels: { app } });
    here.look(planFor("models/iris", MESHED));
    here.tables.begin();
    for (const [stream, app] of ["a", "b", "c"].entries()) {
      here.subscribe(stream, caller("greedy", app), "outbound", "inbound");
      // Pods of one Deployment are one kind of proxy, however many they are.
      here.subscribe(10 + stream, caller("greedy", "a"), "outbound", "inbound");
    }
    assert.deepEqual(
      ["a", "b", "c"].map((app) => here.keys(caller("greedy", app), "outbound")),
      ["models/iris", "models/iris", undefined],
    );
    assert.deepEqual(here.tables.storedName(caller("greedy", "c"), "outbound"), {
      kind: "shortage",
      why: "namespace greedy has too many different proxies: more than 2",
    });
    here.subscribe(20, caller("modest", "a"), "outbound", "inbound");
    assert.equal(here.keys(caller("modest", "a"), "outbound"), "models/iris");
    here.say(1, caller("greedy", "b"), { kind: "disconnect" });
    await here.clock.advance(60_000);
    here.subscribe(3, caller("greedy", "c"), "outbound", "inbound");
    assert.equal(here.keys(caller("greedy", "c"), "outbound"), "models/iris");
  });

  it("lose a deployment that is gone, and keep one of which nothing new is known", async () => {
    const here = setUp();
    here.look(planFor("models/iris"));
    here.look(planFor("models/other"));
    here.tables.begin();
    here.subscribe(1, PUBLIC, "gateway");
    here.tables.onLook({ step: {} as never });
    here.tables.forget("models/other");
    await here.clock.advance(1000);
    assert.equal(here.keys(PUBLIC, "gateway"), "models/iris");
  });

  it("have equal versions after a restart, and another number", () => {
    const [one, other] = [1, 2].map((number) => {
      const here = setUp({ nextGeneration: () => BigInt(number) });
      here.look(planFor("models/iris"));
      here.tables.begin();
      here.subscribe(1, PUBLIC, "gateway");
      return [here.resourceOf(PUBLIC, "gateway")?.version, here.table(PUBLIC, "gateway")?.generation] as const;
    });
    assert.equal(one?.[0], other?.[0]);
    assert.deepEqual([one?.[1], other?.[1]], [1n, 2n]);
  });
});
