import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import { RESOURCE } from "../../../kubernetes-api/resource-types.ts";
import { until } from "../../../kubernetes-api/tests/until.ts";
import type { TestStream } from "../../../deliver/xds-server/client-for-tests.ts";
import type { ControlPlane } from "../control-plane.ts";
import { predictorOf, startTestCluster, type TestCluster } from "./cluster-for-tests.ts";
import { askAsProxy, tableIn } from "./mesh-cluster-for-tests.ts";
import { undoAfterEach } from "./undo-for-tests.ts";

const undo = undoAfterEach();

const cluster = (): Promise<TestCluster> => undo.stopping(startTestCluster());

const ONE = { predictors: [predictorOf("main", 100)] };
const TWO = { predictors: [predictorOf("main", 75), predictorOf("canary", 25, "model:2")] };
const IN_MESH = {
  ...ONE,
  annotations: { "seldon.io/istio-gateway": "mesh", "seldon.io/istio-host": "iris.models.svc.cluster.local" },
};
const GATEWAY = "router~10.0.0.1~gw-1.istio-system~istio-system.svc.cluster.local";

function ask(plane: ControlPlane, id: string, name: string, labels?: Readonly<Record<string, string>>): TestStream {
  const stream = askAsProxy(plane, id, name, labels);
  undo.push(() => {
    stream.close();
  });
  return stream;
}

/** Accepts everything until a table is as wished. */
async function tableOf(stream: TestStream, isWished: (weights: Readonly<Record<string, number>>) => boolean) {
  for (let count = stream.responses.length === 0 ? 1 : stream.responses.length; ; count += 1) {
    const response = await stream.received(count);
    stream.ack(response);
    const table = tableIn(response.bytes[0] ?? assert.fail("an empty answer"));
    const predictors = table.deployments.find((one) => one.key === "models/iris")?.predictors ?? [];
    if (isWished(Object.fromEntries(predictors.map(({ name, weight }) => [name, weight])))) return table;
  }
}

function programmed(here: TestCluster): string {
  const found = here.status().conditions?.find((one) => one.type === "Programmed");
  return `${found?.status ?? ""} ${found?.message ?? ""}`.trim();
}

const settled = (here: TestCluster): Promise<void> => until(() => here.isSettled());

describe("a proxy of Istio", () => {
  it("gets the table of its gateway, follows edits and counts when it has accepted", async () => {
    const here = await cluster();
    here.api.objects.put(RESOURCE.istioGateway, {
      apiVersion: RESOURCE.istioGateway.apiVersion,
      kind: "Gateway",
      metadata: { namespace: "models", name: "public" },
      spec: { selector: { istio: "ingressgateway" } },
    });
    here.apply({ ...ONE, annotations: { "seldon.io/istio-gateway": "models/public" } });
    const plane = await here.start();
    await settled(here);
    assert.equal(programmed(here), "Unknown");
    const gateway = ask(plane, GATEWAY, "graphway.gateway", { istio: "ingressgateway", "pod-template-hash": "1" });
    const first = await tableOf(gateway, ({ main }) => main === 100);
    await until(() => programmed(here).startsWith("True 1 of 1"), { saw: () => programmed(here) });
    const other = ask(plane, GATEWAY, "graphway.gateway", { istio: "other" });
    assert.deepEqual(tableIn((await other.received(1)).bytes[0] ?? assert.fail()).deployments, []);
    here.apply({ ...TWO, annotations: { "seldon.io/istio-gateway": "models/public" } });
    const second = await tableOf(gateway, ({ canary }) => canary === 25);
    assert.ok(second.generation > first.generation);
    assert.equal(second.deployments[0]?.predictors[0]?.name, "canary");
    await until(() => programmed(here).startsWith("True 1 of 1"), { saw: () => programmed(here) });
  });

  it("gets nothing of another namespace, nor on its mere word", async () => {
    const here = await cluster();
    here.apply(IN_MESH);
    const plane = await here.start(["--mesh-namespaces=apps"]);
    await settled(here);
    const caller = ask(plane, "sidecar~10.0.0.2~a.apps~apps.svc.cluster.local", "graphway.outbound");
    await tableOf(caller, ({ main }) => main === 100);
    for (const id of [
      "sidecar~10.0.0.2~a.other~other.svc.cluster.local",
      "router~10.0.0.2~a.apps~apps.svc.cluster.local",
      "stranger~10.0.0.2~a.apps~apps.svc.cluster.local",
    ])
      assert.equal((await ask(plane, id, "graphway.outbound").ended).code, status.PERMISSION_DENIED, id);
    const names = ["graphway.gateway", "graphway.outbound#apps/", "models/iris/main"];
    for (const name of names) {
      const curious = ask(plane, "sidecar~10.0.0.2~a.apps~apps.svc.cluster.local", name);
      assert.deepEqual((await curious.received(1)).bytes, [], name);
    }
  });

  it("gets by its certificate only what came through our own sidecar", async () => {
    const here = await cluster();
    here.apply(IN_MESH);
    const plane = await here.start(["--mesh-identity=peer"]);
    await settled(here);
    const caller = ask(plane, "sidecar~10.0.0.2~a.apps~apps.svc.cluster.local", "graphway.outbound");
    assert.equal((await caller.ended).code, status.UNAUTHENTICATED);
  });

  it("is heard when it refuses a table, and seen by who looks for it", async () => {
    const here = await cluster();
    here.apply(ONE);
    const plane = await here.start();
    await settled(here);
    const gateway = ask(plane, GATEWAY, "graphway.gateway");
    const accepted = (): string => here.status().conditions?.find((one) => one.type === "Accepted")?.message ?? "";
    gateway.ack(await gateway.received(1), "Unable to create Wasm plugin");
    await until(() => accepted().includes("Unable to create Wasm plugin"), { saw: accepted });
    assert.equal(here.status().state, "Available");
    const page = await fetch(`http://127.0.0.1:${plane.metricsPort}/debug/xds?node=istio-system`);
    const report = (await page.json()) as { readonly clients: number };
    assert.equal(report.clients, 1);
    assert.match(JSON.stringify(report), /"refused":\{"version":"[0-9a-f]{16}","message":"Unable/);
    here.apply(TWO);
    await tableOf(gateway, ({ canary }) => canary === 25);
    await until(() => accepted() === "" && programmed(here).startsWith("True"), { saw: accepted });
  });

  it("keeps its table over a restart, and gets it whole", async () => {
    const here = await cluster();
    here.apply(TWO);
    const first = await here.start();
    await settled(here);
    const before = await tableOf(ask(first, GATEWAY, "graphway.gateway"), ({ canary }) => canary === 25);
    await first.stop();
    const second = await here.start();
    const stream = ask(second, GATEWAY, "graphway.gateway");
    const after = tableIn((await stream.received(1)).bytes[0] ?? assert.fail("an empty answer"));
    assert.deepEqual(after.deployments, before.deployments);
    assert.ok(after.generation > before.generation);
  });

  it("counts on whichever replica it is", async () => {
    const here = await cluster();
    here.apply(ONE);
    const elects = ["--enable-leader-election", "--leader-election-retry-period-secs=1"];
    const first = await here.start(elects, { POD_NAME: "first" });
    await settled(here);
    const second = await here.start(elects, { POD_NAME: "second" });
    const streams = [first, second].map((plane) => ask(plane, GATEWAY, "graphway.gateway"));
    for (const stream of streams) await tableOf(stream, ({ main }) => main === 100);
    await until(() => programmed(here).startsWith("True 2 of 2"), { saw: () => programmed(here) });
    streams[1]?.close();
    await until(() => programmed(here).startsWith("True 1 of 1"), { saw: () => programmed(here) });
  });
});
