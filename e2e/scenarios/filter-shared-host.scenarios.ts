import { byWhom, withFilteredMesh } from "../runner/filtered-mesh.ts";
import type { GatewayClient, Reply } from "../runner/gateway-client.ts";
import type { Fields } from "../runner/kube.ts";
import { deployment, model, predictor } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import { untilTrue } from "../runner/until.ts";
import type { World } from "../runner/world.ts";

const V1 = "[1,2,3,4]";
const V2 = "[5,6,7,8]";
const HOST = "models.example.com";
const BODY = '{"data":{"ndarray":[[1.0,2.0,5.0]]}}';

/** One of those that share the host. */
function sharing({ namespace }: World, name: string, main: number): Fields {
  const without = { annotations: { "seldon.io/no-engine": "true" } };
  const canary = { ...without, traffic: 100 - main, pods: [[model("classifier", { version: "2" })]] };
  return deployment(name, {
    labels: { "seldon.io/controller-id": namespace },
    annotations: { "seldon.io/istio-host": HOST },
    predictors: [predictor("main", { ...without, traffic: main }), predictor("canary", canary)],
  });
}

function predict({ namespace }: World, by: GatewayClient, name: string): Promise<Reply> {
  return by.rest({ path: `/seldon/${namespace}/${name}/api/v1.0/predictions`, body: BODY });
}

/** Everybody who asks for it by this host gets this, and nothing else. */
async function untilAll(world: World, by: GatewayClient, name: string, wanted: string): Promise<void> {
  let seen: readonly string[] = [];
  await untilTrue(
    `${name} answers ${wanted}`,
    async () => {
      const replies = await Promise.all(Array.from({ length: 20 }, () => predict(world, by, name)));
      seen = replies.map((one) => (one.status === 200 ? byWhom(one) : String(one.status)));
      return seen.every((one) => one === wanted);
    },
    { describe: () => [...new Set(seen)].join(", ") },
  );
}

export const scenarios: readonly Scenario[] = [
  {
    name: "filter/shared-host",
    shows:
      "two deployments share a host: each gets its own requests, with the filter and without, and neither edits nor the end of one touch the other",
    timeoutMs: 900_000,
    run: (world) =>
      withFilteredMesh(world, async (mesh) => {
        const [by, stranger] = [mesh.clientOf(HOST), mesh.clientOf("other.example.com")];
        await world.apply(sharing(world, "first", 100), sharing(world, "second", 0));
        await Promise.all([world.untilAvailable("first"), world.untilAvailable("second")]);
        const counts: string[] = [];
        for (const who of ["filter", "fallback"]) {
          if (who === "fallback") await world.kube.delete("EnvoyFilter", world.namespace, "graphway-gateway");
          await untilAll(world, by, "first", `${V1} by ${who}`);
          await untilAll(world, by, "second", `${V2} by ${who}`);
          const second = mesh.load(byWhom, () => predict(world, by, "second"));
          const first = mesh.load(byWhom, () => predict(world, by, "first"));
          await world.apply(sharing(world, "first", 0));
          await untilAll(world, by, "first", `${V2} by ${who}`);
          await world.apply(sharing(world, "first", 100));
          await untilAll(world, by, "first", `${V1} by ${who}`);
          await first.stopFlawless([V1, V2].map((row) => `${row} by ${who}`));
          await untilAll(world, stranger, "first", "404");
          await world.kube.delete("SeldonDeployment", world.namespace, "first");
          await untilAll(world, by, "first", "404");
          await second.more(100);
          await world.apply(sharing(world, "first", 100));
          await world.untilAvailable("first");
          await untilAll(world, by, "first", `${V1} by ${who}`);
          const { calls } = await second.stopFlawless([`${V2} by ${who}`]);
          counts.push(`${String(calls)} requests by ${who}`);
        }
        world.note(counts.join(", "));
      }),
  },
];
