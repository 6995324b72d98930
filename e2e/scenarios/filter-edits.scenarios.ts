import assert from "node:assert/strict";
import { tableOf, withFilteredMesh, type FilteredMesh } from "../runner/filtered-mesh.ts";
import { model, predictor } from "../runner/manifest.ts";
import { assertLevel, formatGrowth, MIB } from "../runner/memory.ts";
import { pushTables } from "../runner/pushed-tables.ts";
import type { Scenario } from "../runner/scenario.ts";
import { untilTrue } from "../runner/until.ts";
import { rowOf, type World } from "../runner/world.ts";

const V1 = "[1,2,3,4]";
const V2 = "[5,6,7,8]";
const EDITS = 1000;
/** Edits before memory is looked at: heaps have grown to their size by then. */
const WARM_EDITS = 100;
/** Looks at memory on the way. */
const LOOKS = 40;
/** Edits under way at once, as fast as the API server takes them. */
const EDITORS = 4;

function split(main: number) {
  const bare = { annotations: { "seldon.io/no-engine": "true" } };
  return {
    predictors: [
      predictor("main", { ...bare, traffic: main }),
      predictor("canary", { ...bare, traffic: 100 - main, pods: [[model("classifier", { version: "2" })]] }),
    ],
  };
}

/** One of our metrics of the control plane. */
async function metric(world: World, mesh: FilteredMesh, line: RegExp): Promise<number> {
  const [pod] = await mesh.controlPlanes();
  const path = `/api/v1/namespaces/${world.namespace}/pods/${pod?.metadata.name ?? ""}:8080/proxy/metrics`;
  const { text } = (await world.kube.call("GET", path)) as { readonly text: string };
  return Number(line.exec(text)?.[1] ?? NaN);
}

const RESIDENT = /^\w*process_resident_memory_bytes (\S+)$/m;
const ACCEPTED = /^graphway_xds_answers_total\{answer="ack"\} (\S+)$/m;
const REFUSED = /^graphway_xds_answers_total\{answer="nack"\} (\S+)$/m;

/** Sets other weights for every number, a few edits at a time; calls back after each. */
async function edit(world: World, from: number, count: number, afterEach: (edit: number) => Promise<void>) {
  const path = `/apis/machinelearning.seldon.io/v1/namespaces/${world.namespace}/seldondeployments/canary`;
  let next = from;
  const editor = async (): Promise<void> => {
    while (next < from + count) {
      const number = next++;
      const main = 10 + (number % 80);
      const patch = [main, 100 - main].map((value, index) => {
        return { op: "replace", path: `/spec/predictors/${index}/traffic`, value };
      });
      await world.kube.call("PATCH", path, patch, "application/json-patch+json");
      await afterEach(number);
    }
  };
  await Promise.all(Array.from({ length: EDITORS }, editor));
}

export const scenarios: readonly Scenario[] = [
  {
    name: "filter/thousand-edits",
    shows:
      "weights are edited a thousand times under load: no request fails, and neither the gateway's memory nor ours grows",
    isAlone: true,
    timeoutMs: 1_800_000,
    run: (world) =>
      withFilteredMesh(world, async (mesh) => {
        await mesh.apply(split(50));
        await mesh.untilFiltered();
        const tables = new Set<string>();
        const load = mesh.load((reply) => {
          tables.add(tableOf(reply) ?? "fallback");
          return rowOf(reply);
        });
        await edit(world, 0, WARM_EDITS, () => Promise.resolve());
        const pushed = (): Promise<number> =>
          mesh.stat("extension_config_discovery.http_filter.graphway.gateway.config_reload");
        const [acceptedBefore, pushedBefore] = [await metric(world, mesh, ACCEPTED), await pushed()];
        const envoyMib: number[] = [];
        const controlPlaneMib: number[] = [];
        const startMs = performance.now();
        await edit(world, WARM_EDITS, EDITS, async (number) => {
          if (number % (EDITS / LOOKS) !== 0) return;
          envoyMib.push((await mesh.stat("server.memory_physical_size")) / MIB);
          controlPlaneMib.push((await metric(world, mesh, RESIDENT)) / MIB);
        });
        const seconds = (performance.now() - startMs) / 1000;
        await mesh.apply(split(0));
        await untilTrue("the last edit holds", async () => {
          const rows = await Promise.all(Array.from({ length: 20 }, () => mesh.predict()));
          return rows.every((one) => rowOf(one) === V2);
        });
        const { calls } = await load.stopFlawless([V1, V2]);
        const tablesPushed = (await pushed()) - pushedBefore;
        let accepted = 0;
        // Envoy takes a table into use before it says so.
        await untilTrue(
          "every table is accepted",
          async () => {
            accepted = (await metric(world, mesh, ACCEPTED)) - acceptedBefore;
            return accepted >= tablesPushed;
          },
          { describe: () => `${accepted} ACKs of ${tablesPushed} tables` },
        );
        const coalesced = EDITS - tablesPushed;
        world.note(
          `${EDITS} edits in ${seconds.toFixed(0)} s: ${tablesPushed} tables, ${accepted} ACKs, ${coalesced} coalesced`,
        );
        world.note(
          `${calls} requests; Envoy ${formatGrowth(envoyMib)}, control plane ${formatGrowth(controlPlaneMib)}`,
        );
        assert.ok(!tables.has("fallback"), "the filter was away meanwhile");
        // There is no such line before the first refusal.
        assert.ok(Number.isNaN(await metric(world, mesh, REFUSED)), "a table was refused");
        // How many there are depends on how fast the API server is: a second's edits make one.
        assert.ok(tablesPushed > 0, "no table came");
        assertLevel("Envoy's memory", envoyMib, { share: 0.1, mib: 8 });
        assertLevel("the control plane's memory", controlPlaneMib, { share: 0.15, mib: 24 });
      }),
  },
  {
    name: "filter/thousand-pushes",
    shows:
      "a real Envoy is pushed a thousand tables under load, each before the next: no request fails, and its memory does not grow",
    isAlone: true,
    timeoutMs: 900_000,
    run: async (world) => {
      const { accepted, refused, reloads, requests, failures, answeredByLast, memoryMib, allocatedMib, seconds } =
        await pushTables(EDITS);
      world.note(`${accepted} ACKs, ${reloads} reloads in ${seconds.toFixed(0)} s, ${requests} requests`);
      world.note(`Envoy ${formatGrowth(memoryMib)}, of it allocated ${formatGrowth(allocatedMib)}`);
      assert.deepEqual(failures.slice(0, 5), [], `${failures.length} of ${requests} requests failed`);
      assert.deepEqual([accepted, refused, answeredByLast], [EDITS, 0, true]);
      assert.ok(reloads >= EDITS, `Envoy took in ${reloads} tables`);
      assertLevel("Envoy's memory", memoryMib, { share: 0.1, mib: 8 });
      assertLevel("what Envoy has allocated", allocatedMib, { share: 0.05, mib: 1 });
    },
  },
];
