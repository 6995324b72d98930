import assert from "node:assert/strict";
import { tableOf, withFilteredMesh, type FilteredMesh } from "../runner/filtered-mesh.ts";
import type { Reply } from "../runner/gateway-client.ts";
import { model, predictor } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import { untilTrue } from "../runner/until.ts";
import { rowOf, type World } from "../runner/world.ts";

const V1 = "[1,2,3,4]";
const V2 = "[5,6,7,8]";

function split(main: number, canary: number) {
  const seeing = { annotations: { "seldon.io/no-engine": "true" } };
  return {
    predictors: [
      predictor("main", { ...seeing, traffic: main }),
      predictor("canary", { ...seeing, traffic: canary, pods: [[model("classifier", { version: "2" })]] }),
    ],
  };
}

/** Answers with who decided: `filter` or `fallback`. */
function byWhom(reply: Reply): string {
  return `${rowOf(reply)} by ${tableOf(reply) === undefined ? "fallback" : "filter"}`;
}

const BY_FILTER = [`${V1} by filter`, `${V2} by filter`];
const BY_EITHER = [...BY_FILTER, `${V1} by fallback`, `${V2} by fallback`];

/** Both predictors answer without the filter: Istio's weights. */
async function untilWeighted(mesh: FilteredMesh): Promise<void> {
  await mesh.untilFallback();
  const rows = new Set<string>();
  await untilTrue("both predictors get their share from Istio's weights", async () => {
    const reply = await mesh.predict();
    assert.equal(tableOf(reply), undefined, "the filter decided");
    return rows.add(rowOf(reply)).size === 2;
  });
}

async function killAll(world: World, namespace: string, selector: string): Promise<void> {
  for (const pod of await world.kube.list("Pod", namespace, selector)) {
    await world.kube.delete("Pod", namespace, pod.metadata.name, 0);
  }
}

export const scenarios: readonly Scenario[] = [
  {
    name: "filter/control-plane-away",
    shows:
      "killed, the control plane leaves filter and table in force; a gateway that starts without it serves by Istio's weights",
    timeoutMs: 600_000,
    run: (world) =>
      withFilteredMesh(world, async (mesh) => {
        await mesh.apply(split(50, 50));
        await mesh.untilFiltered();
        const away = mesh.load(byWhom);
        await killAll(world, world.namespace, "app.kubernetes.io/component=control-plane");
        await mesh.scaleControlPlane(0);
        await away.more(300);
        const killed = await away.stopFlawless(BY_FILTER);
        await killAll(world, world.namespace, "app=ingress");
        await untilTrue("another Envoy is there", async () => (await world.podsOf("app=ingress")).length === 1);
        await untilWeighted(mesh);
        const back = mesh.load(byWhom);
        await back.more(50);
        await mesh.scaleControlPlane(1);
        await mesh.untilFiltered();
        await back.more(50);
        const { calls } = await back.stopFlawless(BY_EITHER);
        world.note(`${killed.calls} requests without it, ${calls} while it came back`);
      }),
  },
  {
    name: "filter/taken-away",
    shows: "the EnvoyFilter is deleted and made anew, and no request fails: Istio's weights serve meanwhile",
    timeoutMs: 600_000,
    run: (world) =>
      withFilteredMesh(world, async (mesh) => {
        await mesh.apply(split(50, 50));
        await mesh.untilFiltered();
        const load = mesh.load(byWhom);
        const { apiVersion, kind, metadata, spec } = await world.need("EnvoyFilter", "graphway-gateway");
        await world.kube.delete("EnvoyFilter", world.namespace, metadata.name);
        await untilWeighted(mesh);
        await load.more(100);
        await world.apply({ apiVersion, kind, metadata: { name: metadata.name, labels: metadata.labels }, spec });
        await mesh.untilFiltered();
        await load.more(100);
        const { calls, answers } = await load.stopFlawless(BY_EITHER);
        const fallback = BY_EITHER.slice(2).reduce((sum, one) => sum + (answers.get(one) ?? 0), 0);
        world.note(`${calls} requests, ${fallback} by Istio's weights`);
      }),
  },
];
