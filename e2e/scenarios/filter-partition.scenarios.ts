import assert from "node:assert/strict";
import { byWhom, withFilteredMesh, type FilteredMesh } from "../runner/filtered-mesh.ts";
import { freeze } from "../runner/frozen.ts";
import type { Fields, KubeObject } from "../runner/kube.ts";
import type { Load } from "../runner/load.ts";
import { model, predictor } from "../runner/manifest.ts";
import { Partition, type Cut } from "../runner/partition.ts";
import type { Scenario } from "../runner/scenario.ts";
import { untilTrue } from "../runner/until.ts";
import type { World } from "../runner/world.ts";

const V1 = "[1,2,3,4] by filter";
const V2 = "[5,6,7,8] by filter";
const XDS_PORT = 18_000;
/** Where istiod tells proxies what to do: in plain text, and by mTLS. */
const ISTIOD_PORTS = [15_010, 15_012];
/** Behind the Service, and where the Service has it. */
const API_SERVER_PORTS = [443, 6443];
/** A connection is asked every 30 s whether it lives, and tried again at most so often. */
const NOTICED_WITHIN_MS = 180_000;

/** Predictors by weight; `main` has version 1, the others version 2. */
function split(weights: Readonly<Record<string, number>>): { readonly predictors: readonly Fields[] } {
  const predictors = Object.entries(weights).map(([name, traffic]) =>
    predictor(name, {
      traffic,
      annotations: { "seldon.io/no-engine": "true" },
      pods: [[model("classifier", { version: name === "main" ? "1" : "2" })]],
    }),
  );
  return { predictors };
}

const TO_V1 = split({ main: 100, canary: 0 });
const TO_V2 = split({ main: 0, canary: 100 });

function addressOf({ metadata, status }: KubeObject): string {
  const address: unknown = status?.["podIP"];
  assert.ok(typeof address === "string", `${metadata.name} has no address`);
  return address;
}

async function onlyControlPlane(mesh: FilteredMesh): Promise<KubeObject> {
  const [pod, ...more] = await mesh.controlPlanes();
  assert.ok(pod !== undefined && more.length === 0, "not one control plane");
  return pod;
}

/** How often its only container was started anew; undefined where it is gone. */
function restartsOf(pod: KubeObject | undefined): number | undefined {
  const [container] = (pod?.status?.["containerStatuses"] ?? []) as readonly { readonly restartCount: number }[];
  return container?.restartCount;
}

/** Resolves with the seconds until this answer comes, and no other any more. */
async function reach(load: Load, answer: string, before: string): Promise<number> {
  const startMs = performance.now();
  await load.untilAnswer(answer, 300_000);
  await load.untilNoMore(before);
  return (performance.now() - startMs) / 1000;
}

/** A number of the ingress about its connections to this mesh's control plane; it knows those of others too. */
function ofXds({ namespace }: World, mesh: FilteredMesh, stat: string): Promise<number> {
  return mesh.stat(`cluster.outbound.${String(XDS_PORT)}..graphway-xds.${namespace}.svc.*[.]${stat}`);
}

/** Who holds the lease of the control planes. */
async function leaderOf(world: World): Promise<string> {
  const [lease] = await world.list("Lease");
  return String(lease?.spec?.["holderIdentity"] ?? "").split("_")[0] ?? "";
}

interface HttpRoute {
  readonly match: unknown;
  readonly route: readonly { readonly destination: { readonly host: string }; readonly weight?: number }[];
}

/** Whoever is not sent to a predictor by the filter is sent to this one. */
function isAllTo({ spec }: KubeObject, service: string): boolean {
  const routes = (spec?.["http"] ?? []) as readonly HttpRoute[];
  const weighted = routes.filter(({ match }) => !JSON.stringify(match).includes("x-graphway-predictor"));
  const chosen = weighted.flatMap(({ route }) => route).filter(({ weight = 0 }) => weight > 0);
  return chosen.length > 0 && chosen.every(({ destination }) => destination.host.startsWith(`${service}.`));
}

export const scenarios: readonly Scenario[] = [
  {
    name: "filter/control-plane-cut-off",
    shows:
      "packets between gateway and control plane are lost in silence: the last table decides, the gateway gives the dead connection up, and new weights come once packets do",
    timeoutMs: 900_000,
    run: (world) =>
      withFilteredMesh(world, async (mesh) => {
        await mesh.apply(TO_V1);
        await mesh.untilFiltered();
        const table = await mesh.table();
        const load = mesh.load(byWhom);
        const address = addressOf(await onlyControlPlane(mesh));
        const partition = await Partition.begin(world, [{ address, as: "server", ports: [XDS_PORT] }]);
        const cutMs = performance.now();
        await world.apply(mesh.deployment(TO_V2));
        const failed = await ofXds(world, mesh, "upstream_cx_connect_fail");
        await untilTrue(
          "the gateway gives the connection up",
          async () => (await ofXds(world, mesh, "http2.keepalive_timeout")) > 0,
          { timeoutMs: NOTICED_WITHIN_MS },
        );
        const noticed = (performance.now() - cutMs) / 1000;
        await untilTrue(
          "it tries another",
          async () => (await ofXds(world, mesh, "upstream_cx_connect_fail")) > failed,
        );
        await load.more(200);
        assert.equal(await mesh.table(), table, "another table without a connection");
        assert.equal(load.answersOf(V2), 0, "new weights without a connection");
        assert.ok((await partition.lost()) > 0, "no packet was lost");
        await partition.heal();
        const healed = await reach(load, V2, V1);
        const { calls } = await load.stopFlawless([V1, V2]);
        world.note(
          `${calls} requests; given up after ${noticed.toFixed(0)} s, new weights ${healed.toFixed(1)} s later`,
        );
      }),
  },
  {
    name: "filter/control-plane-frozen",
    shows:
      "a control plane that stands still with its connections open is replaced: the last table decides meanwhile, then the new weights",
    timeoutMs: 900_000,
    run: (world) =>
      withFilteredMesh(world, async (mesh) => {
        await mesh.apply(TO_V1);
        await mesh.untilFiltered();
        const load = mesh.load(byWhom);
        const frozen = await onlyControlPlane(mesh);
        freeze(world, frozen);
        await world.apply(mesh.deployment(TO_V2));
        await load.more(200);
        const early = load.answersOf(V2);
        // However soon Kubernetes replaces it: then the new weights may be there already.
        const isFrozen = restartsOf(await world.get("Pod", frozen.metadata.name)) === restartsOf(frozen);
        if (isFrozen) assert.equal(early, 0, "new weights of a control plane that stands still");
        const replaced = await reach(load, V2, V1);
        const { calls } = await load.stopFlawless([V1, V2]);
        world.note(`${calls} requests; new weights after ${replaced.toFixed(0)} s`);
      }),
  },
  {
    name: "filter/api-server-cut-off",
    shows:
      "of two control planes the one that leads and tells the gateway loses the API server in silence: the other one leads, the last table decides, and new weights come once packets do",
    timeoutMs: 900_000,
    run: (world) =>
      withFilteredMesh(world, async (mesh) => {
        await mesh.apply(TO_V1);
        await mesh.untilFiltered();
        const first = await onlyControlPlane(mesh);
        await mesh.scaleControlPlane(2);
        assert.equal(await leaderOf(world), first.metadata.name);
        const load = mesh.load(byWhom);
        const cut: Cut = { address: addressOf(first), as: "client", ports: API_SERVER_PORTS };
        const partition = await Partition.begin(world, [cut]);
        const cutMs = performance.now();
        await untilTrue("the other one leads", async () => {
          const leader = await leaderOf(world);
          return leader !== "" && leader !== first.metadata.name;
        });
        const taken = (performance.now() - cutMs) / 1000;
        const leader = await leaderOf(world);
        await world.apply(mesh.deployment(TO_V2));
        await untilTrue("the other one writes the new weights", async () => {
          const services = await world.list("VirtualService");
          return services.length > 0 && services.every((one) => isAllTo(one, "canary-canary"));
        });
        await load.more(200);
        assert.equal(load.answersOf(V2), 0, "new weights of one who can't know them");
        assert.ok((await partition.lost()) > 0, "no packet was lost");
        await partition.heal();
        const healed = await reach(load, V2, V1);
        await world.untilAvailable("canary");
        assert.equal(await leaderOf(world), leader, "the lease went back");
        const { calls } = await load.stopFlawless([V1, V2]);
        world.note(
          `${calls} requests; led by the other after ${taken.toFixed(0)} s, new weights ${healed.toFixed(1)} s after healing`,
        );
      }),
  },
  {
    name: "filter/istiod-cut-off",
    shows:
      "packets between istiod and the gateway are lost in silence: new weights reach the gateway without it, and a new predictor once packets come",
    timeoutMs: 900_000,
    run: (world) =>
      withFilteredMesh(world, async (mesh) => {
        await mesh.apply(split({ main: 100, canary: 0 }));
        await mesh.untilFiltered();
        const load = mesh.load(byWhom);
        const [ingress] = await world.podsOf("app=ingress");
        assert.ok(ingress, "there is no ingress");
        const cut: Cut = { address: addressOf(ingress), as: "client", ports: ISTIOD_PORTS };
        const partition = await Partition.begin(world, [cut]);
        await world.apply(mesh.deployment(TO_V2));
        const without = await reach(load, V2, V1);
        await world.apply(mesh.deployment(split({ main: 100, canary: 0, third: 0 })));
        await reach(load, V1, V2);
        await untilTrue("packets were lost", async () => (await partition.lost()) > 0);
        await partition.heal();
        await world.apply(mesh.deployment(split({ main: 0, canary: 0, third: 100 })));
        await untilTrue(
          "the third predictor is asked",
          async () => (await world.countRequests("seldon-app=canary-third")) > 0,
          { timeoutMs: 300_000 },
        );
        await world.untilAvailable("canary");
        await load.untilNoMore(V1);
        const { calls } = await load.stopFlawless([V1, V2]);
        world.note(`${calls} requests; new weights within ${without.toFixed(1)} s without istiod`);
      }),
  },
];
