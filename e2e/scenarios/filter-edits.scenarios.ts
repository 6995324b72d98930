import assert from "node:assert/strict";
import { tableOf, withFilteredMesh, type FilteredMesh } from "../runner/filtered-mesh.ts";
import { model, predictor } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import { untilTrue } from "../runner/until.ts";
import { rowOf, type World } from "../runner/world.ts";

const V1 = "[1,2,3,4]";
const V2 = "[5,6,7,8]";
const EDITS_MS = 45_000;
/** Memory is compared with that after this much of the time: heaps have grown to their size by then. */
const WARM_SHARE = 0.4;
const MIB = 1024 * 1024;

function split(main: number) {
  const bare = { annotations: { "seldon.io/no-engine": "true" } };
  return {
    predictors: [
      predictor("main", { ...bare, traffic: main }),
      predictor("canary", { ...bare, traffic: 100 - main, pods: [[model("classifier", { version: "2" })]] }),
    ],
  };
}

interface Memory {
  readonly envoyMib: number;
  readonly controlPlaneMib: number;
}

async function memoryOf(world: World, mesh: FilteredMesh): Promise<Memory> {
  const [pod] = await mesh.controlPlanes();
  const path = `/api/v1/namespaces/${world.namespace}/pods/${pod?.metadata.name ?? ""}:8080/proxy/metrics`;
  const { text } = (await world.kube.call("GET", path)) as { readonly text: string };
  const resident = Number(/^\w*process_resident_memory_bytes (\S+)$/m.exec(text)?.[1] ?? NaN);
  return { envoyMib: (await mesh.stat("server.memory_physical_size")) / MIB, controlPlaneMib: resident / MIB };
}

/** Another weight for every edit, as fast as the API server takes them; resolves with how many there were. */
async function editFor(world: World, mesh: FilteredMesh, durationMs: number, from: number): Promise<number> {
  const endMs = performance.now() + durationMs;
  let edits = from;
  while (performance.now() < endMs) {
    edits += 1;
    await world.apply(mesh.deployment(split(10 + (edits % 80))));
  }
  return edits;
}

export const scenarios: readonly Scenario[] = [
  {
    name: "filter/thousand-edits",
    shows:
      "weights are edited without a pause under load: no request fails, and neither the gateway's memory nor ours grows",
    timeoutMs: 300_000,
    run: (world) =>
      withFilteredMesh(world, async (mesh) => {
        await mesh.apply(split(50));
        await mesh.untilFiltered();
        const tables = new Set<string>();
        const load = mesh.load((reply) => {
          tables.add(tableOf(reply) ?? "fallback");
          return rowOf(reply);
        });
        const warm = await editFor(world, mesh, EDITS_MS * WARM_SHARE, 0);
        const before = await memoryOf(world, mesh);
        const edits = await editFor(world, mesh, EDITS_MS * (1 - WARM_SHARE), warm);
        const after = await memoryOf(world, mesh);
        await mesh.apply(split(0));
        await untilTrue("the last edit holds", async () => {
          const rows = await Promise.all(Array.from({ length: 20 }, () => mesh.predict()));
          return rows.every((one) => rowOf(one) === V2);
        });
        const { calls } = await load.stopFlawless([V1, V2]);
        const grown = (now: number, then: number): string => `${then.toFixed(0)} -> ${now.toFixed(0)} MiB`;
        world.note(`${edits} edits, ${tables.size} tables, ${calls} requests`);
        world.note(`Envoy ${grown(after.envoyMib, before.envoyMib)}`);
        world.note(`control plane ${grown(after.controlPlaneMib, before.controlPlaneMib)}`);
        assert.ok(!tables.has("fallback"), "the filter was away meanwhile");
        assert.ok(tables.size > 10, `only ${tables.size} tables were seen`);
        assert.ok(after.envoyMib < before.envoyMib * 1.25 + 8, "Envoy's memory grows");
        assert.ok(after.controlPlaneMib < before.controlPlaneMib * 1.25 + 16, "the control plane's memory grows");
      }),
  },
];
