import assert from "node:assert/strict";
import { tableOf, withFilteredMesh, type FilteredMesh } from "../runner/filtered-mesh.ts";
import type { Reply } from "../runner/gateway-client.ts";
import { Istiod } from "../runner/istiod.ts";
import type { Fields } from "../runner/kube.ts";
import { model, predictor } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import { untilTrue } from "../runner/until.ts";
import { rowOf, type World } from "../runner/world.ts";

const V1 = "[1,2,3,4]";
const V2 = "[5,6,7,8]";
const BY_FILTER = [`${V1} by filter`, `${V2} by filter`];
const BY_EITHER = [...BY_FILTER, `${V1} by fallback`, `${V2} by fallback`];

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

function byWhom(reply: Reply): string {
  return `${rowOf(reply)} by ${tableOf(reply) === undefined ? "fallback" : "filter"}`;
}

/** Applies it, which Istio's webhook is not there to permit all of, and resolves with the milliseconds until everybody gets this row. */
async function reach(world: World, mesh: FilteredMesh, weights: Record<string, number>, row: string): Promise<number> {
  const startMs = performance.now();
  await world.apply(mesh.deployment(split(weights)));
  await untilTrue(`everybody gets ${row}`, async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, () => mesh.predict()));
    return replies.every((one) => one.status === 200 && rowOf(one) === row);
  });
  return performance.now() - startMs;
}

export const scenarios: readonly Scenario[] = [
  {
    name: "filter/istiod-away",
    shows:
      "istiod is killed, stays away and comes back: no request fails, new weights reach the gateway without it, and a new predictor once it is there",
    isAlone: true,
    timeoutMs: 900_000,
    run: (world) =>
      withFilteredMesh(world, async (mesh) => {
        const istiod = new Istiod(world);
        await mesh.apply(split({ main: 50, canary: 50 }));
        await mesh.untilFiltered();
        const away = mesh.load(byWhom);
        await istiod.takeAway();
        await away.more(200);
        const awayMs = await reach(world, mesh, { main: 0, canary: 100 }, V2);
        await reach(world, mesh, { main: 100, canary: 0 }, V1);
        const unlisted = mesh.load(byWhom);
        const first = await away.stopFlawless(BY_FILTER);
        // Its entry can't be written into Istio's routes, whose webhook is away too: nobody is sent to it, and the others take its share.
        await world.apply(mesh.deployment(split({ main: 50, canary: 0, third: 50 })));
        await untilTrue("the third predictor runs", async () => {
          const [pod] = await world.podsOf("seldon-app=canary-third");
          return pod?.status?.["phase"] === "Running";
        });
        await unlisted.more(200);
        assert.equal(await world.countRequests("seldon-app=canary-third"), 0, "istiod was not away");
        await istiod.bringBack();
        await world.untilAvailable("canary");
        await untilTrue(
          "the third predictor is asked",
          async () => (await world.countRequests("seldon-app=canary-third")) > 0,
        );
        const back = mesh.load(byWhom);
        // An istiod that has just begun may need longer than filters wait for: then its weighted routes serve.
        const second = await unlisted.stopFlawless(BY_EITHER);
        await istiod.kill();
        await reach(world, mesh, { main: 0, canary: 100, third: 0 }, V2);
        await istiod.untilReady();
        await world.untilAvailable("canary");
        await back.more(200);
        const { calls } = await back.stopFlawless(BY_FILTER);
        world.note(`${first.calls + second.calls} requests without istiod, ${calls} after`);
        world.note(`new weights within ${awayMs.toFixed(0)} ms without it`);
      }),
  },
];
