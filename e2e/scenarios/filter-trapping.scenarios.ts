import assert from "node:assert/strict";
import { TRAPPING } from "../../control-plane/src/render/xds/trapping-filter-for-tests.ts";
import { IMAGE_FOLDER } from "../../deploy/images/programs.ts";
import { byWhom, withFilteredMesh, type FilteredMesh } from "../runner/filtered-mesh.ts";
import type { Load } from "../runner/load.ts";
import { model, predictor } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import { untilTrue } from "../runner/until.ts";
import { rowOf, type World } from "../runner/world.ts";

const V1 = "[1,2,3,4]";
const V2 = "[5,6,7,8]";
const BY_FILTER = [`${V1} by filter`, `${V2} by filter`];
const BY_FALLBACK = [`${V1} by fallback`, `${V2} by fallback`];
const CONTROL_PLANE = "deployment/graphway-control-plane";
/** Where the control plane's image has the filter. */
const FILTER = `${IMAGE_FOLDER}/build/filter/filter.wasm`;

function split(main: number, canary: number) {
  const seeing = { annotations: { "seldon.io/no-engine": "true" } };
  return {
    predictors: [
      predictor("main", { ...seeing, traffic: main }),
      predictor("canary", { ...seeing, traffic: canary, pods: [[model("classifier", { version: "2" })]] }),
    ],
  };
}

/** The control plane is replaced by one that hands out a filter that traps at every request. */
async function breakFilter(world: World): Promise<void> {
  const binaryData = { "filter.wasm": Buffer.from(TRAPPING).toString("base64") };
  await world.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "trapping" }, binaryData });
  const volumeMounts = [{ name: "trapping", mountPath: FILTER, subPath: "filter.wasm", readOnly: true }];
  const spec = {
    volumes: [{ name: "trapping", configMap: { name: "trapping" } }],
    containers: [{ name: "manager", volumeMounts }],
  };
  await world.kubectl("patch", CONTROL_PLANE, "--patch", JSON.stringify({ spec: { template: { spec } } }));
}

async function mendFilter(world: World): Promise<void> {
  await world.kubectl("rollout", "undo", CONTROL_PLANE);
}

/** Filters and tables that the ingress has taken in. */
function reloadsOf(mesh: FilteredMesh): Promise<number> {
  return mesh.stat(".*graphway.gateway.config_reload");
}

/** Predictors by Istio's weights alone, and nothing by the filter any more. */
async function untilWeighted(load: Load): Promise<void> {
  for (const answer of BY_FALLBACK) await load.untilAnswer(answer);
  for (const answer of BY_FILTER) await load.untilNoMore(answer);
}

export const scenarios: readonly Scenario[] = [
  {
    name: "filter/trapping",
    shows:
      "a filter that traps at every request costs one request for each time that it comes; all others go by Istio's weights, new weights too, until a filter that works takes its place",
    timeoutMs: 600_000,
    run: (world) =>
      withFilteredMesh(world, async (mesh) => {
        await mesh.apply(split(50, 50));
        await mesh.untilFiltered();
        const load = mesh.load(byWhom);
        await load.more(100);
        const before = await reloadsOf(mesh);
        await breakFilter(world);
        await untilWeighted(load);
        await mesh.apply(split(0, 100));
        await untilTrue("everybody gets the new weights", async () => {
          const replies = await Promise.all(Array.from({ length: 20 }, () => mesh.predict()));
          return replies.every((one) => one.status === 200 && byWhom(one) === `${V2} by fallback`);
        });
        await load.more(300);
        const { calls, failures, answers } = await load.stop();
        // After the last request: what comes between would be one that the broken filter came and nobody counted.
        const broken = await reloadsOf(mesh);
        const said = failures.map(({ at, status, body }) => `${at}: ${status} ${body}`).join("\n");
        assert.ok(
          failures.every(({ status }) => status === 503),
          `not the filter's end:\n${said}`,
        );
        const came = broken - before;
        assert.ok(failures.length <= came, `${failures.length} of ${calls} failed, it came ${came} times:\n${said}`);
        const strangers = [...answers.keys()].filter((one) => ![...BY_FILTER, ...BY_FALLBACK].includes(one));
        assert.deepEqual(strangers, [], "answers that nobody expects");
        await mendFilter(world);
        await mesh.untilFiltered();
        const mended = mesh.load(rowOf);
        await mended.more(100);
        await mended.stopFlawless([V2]);
        world.note(`${failures.length} of ${calls} requests failed, in ${came} times that the broken filter came`);
      }),
  },
];
