import assert from "node:assert/strict";
import { withFilteredMesh, type FilteredMesh } from "../runner/filtered-mesh.ts";
import type { Reply } from "../runner/gateway-client.ts";
import { model, predictor } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import { until, untilTrue } from "../runner/until.ts";
import { rowOf, type World } from "../runner/world.ts";

const V1 = "[1,2,3,4]";
const THROUGH = `${V1} through the orchestrator`;
const PAST = `${V1} straight from the model`;
const TURNS = 4;
const MODEL_PATH = "/predict";

/** The orchestrator alone says how it went through the graph. */
function byWhom(reply: Reply): string {
  const isThrough = reply.headers["x-graphway-routing"] !== undefined;
  return `${rowOf(reply)} ${isThrough ? "through the orchestrator" : "straight from the model"}`;
}

async function turn(world: World, mesh: FilteredMesh, bypass: boolean): Promise<void> {
  await world.apply(mesh.policy({ bypass }));
  const wanted = bypass ? PAST : THROUGH;
  await untilTrue(`everybody is answered ${wanted}`, async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, () => mesh.predict()));
    return replies.every((reply) => reply.status === 200 && byWhom(reply) === wanted);
  });
}

/** Requests that the orchestrator has answered, by its own count. */
function answeredByOrchestrator(world: World): Promise<number> {
  return until("the orchestrator's metrics", async () => {
    const [pod] = await world.podsOf("seldon-app=canary-main");
    const path = `/api/v1/namespaces/${world.namespace}/pods/${pod?.metadata.name ?? ""}:8000/proxy/prometheus`;
    const { text } = (await world.kube.call("GET", path)) as { readonly text: string };
    const counts = text.matchAll(/^seldon_api_executor_server_requests_seconds_count\{.*?\} (\d+)$/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  });
}

export const scenarios: readonly Scenario[] = [
  {
    name: "filter/bypass",
    shows:
      "requests go straight to the model by policy, past its orchestrator; it is turned on and off under load, and no request fails",
    timeoutMs: 600_000,
    run: (world) =>
      withFilteredMesh(world, async (mesh) => {
        const pods = [[model("classifier", { env: { LOG_HEADERS: "x-" } })]];
        await world.apply(mesh.policy({ bypass: false }));
        await mesh.apply({ predictors: [predictor("main", { pods })] });
        await mesh.untilFiltered();
        const load = mesh.load(byWhom);
        for (let count = 0; count < TURNS; count += 1) {
          await turn(world, mesh, count % 2 === 0);
          await load.more(100);
        }
        const changing = await load.stopFlawless([THROUGH, PAST]);
        await turn(world, mesh, true);
        const before = await answeredByOrchestrator(world);
        const past = mesh.load(byWhom);
        await past.more(200);
        const { calls } = await past.stopFlawless([PAST]);
        assert.equal(await answeredByOrchestrator(world), before, "the orchestrator was asked");
        const puids = [await mesh.predict({ "seldon-puid": "mine" }), await mesh.predict()].map(
          ({ headers }) => headers["seldon-puid"] ?? "",
        );
        assert.ok(puids[0] === "mine" && puids[1] !== "", JSON.stringify(puids));
        const last = (await mesh.requestsOf("main")).at(-1);
        assert.equal(last?.path, MODEL_PATH);
        world.note(`${changing.calls} requests while it was turned ${TURNS} times, ${calls} past the orchestrator`);
      }),
  },
];
