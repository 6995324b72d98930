import assert from "node:assert/strict";
import { predictorOf, withFilteredMesh, type FilteredMesh } from "../runner/filtered-mesh.ts";
import type { Reply } from "../runner/gateway-client.ts";
import { model, predictor } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import { untilTrue } from "../runner/until.ts";
import { rowOf, type World } from "../runner/world.ts";

const V1 = "[1,2,3,4]";
const V2 = "[5,6,7,8]";
const version2 = [[model("classifier", { version: "2" })]];
const BY_MAIN = `${V1} by main`;
const BY_CANARY = `${V2} by canary`;
const USERS = 400;

function split(main: number, canary: number) {
  return {
    predictors: [predictor("main", { traffic: main }), predictor("canary", { traffic: canary, pods: version2 })],
  };
}

/** Who answers each user, asked twice: one whose two answers differ fails the scenario. */
async function predictorsOfUsers(mesh: FilteredMesh): Promise<readonly string[]> {
  const users: string[] = [];
  for (let user = 0; user < USERS; user += 1) {
    const headers = { "x-user": `user-${user}` };
    const [first, second] = await Promise.all([mesh.predict(headers), mesh.predict(headers)]);
    assert.equal(first.status, 200, first.body);
    assert.equal(rowOf(first), rowOf(second), `user ${user} is not always answered by the same predictor`);
    assert.equal(rowOf(first), predictorOf(first) === "main" ? V1 : V2);
    users.push(predictorOf(first));
  }
  return users;
}

function shareOf(users: readonly string[], name: string): number {
  return users.filter((one) => one === name).length / users.length;
}

/** Answers with whom the filter chose; `nobody` where Istio's weights decided. */
function chosenBy(reply: Reply): string {
  return `${rowOf(reply)} by ${predictorOf(reply) || "nobody"}`;
}

async function untilPolicyHolds(world: World): Promise<void> {
  await untilTrue("every gateway has the policy", async () => {
    const { status } = await world.need("RoutePolicy", "canary");
    const ancestors = (status?.["ancestors"] ?? []) as readonly {
      readonly conditions: readonly { readonly type: string; readonly status: string }[];
    }[];
    const conditions = ancestors.flatMap((one) => one.conditions);
    return conditions.some(({ type, status: said }) => type === "Programmed" && said === "True");
  });
}

async function programmedOf(world: World): Promise<string> {
  const { status } = await world.need("SeldonDeployment", "canary");
  const conditions = (status?.["conditions"] ?? []) as readonly { type: string; status: string; message?: string }[];
  const found = conditions.find(({ type }) => type === "Programmed");
  return `${found?.status ?? "absent"}: ${found?.message ?? ""}`;
}

export const scenarios: readonly Scenario[] = [
  {
    name: "filter/decides",
    shows:
      "in Istio's gateway a user stays on a predictor, and new weights move the users that they must and no others",
    timeoutMs: 600_000,
    run: (world) =>
      withFilteredMesh(world, async (mesh) => {
        await world.apply(mesh.policy({ sticky: { keys: [{ header: "x-user" }], salt: "users" } }));
        await mesh.apply(split(75, 25));
        await untilPolicyHolds(world);
        await mesh.untilFiltered();
        const load = mesh.load();
        const before = await predictorsOfUsers(mesh);
        const table = await mesh.table();
        await mesh.apply(split(50, 50));
        await mesh.untilNewTable(table);
        const after = await predictorsOfUsers(mesh);
        let said = "";
        await untilTrue("everybody has accepted it", async () =>
          /^True: (\d+) of \1 /.test((said = await programmedOf(world))),
        );
        const { calls, answers } = await load.stopFlawless([V1, V2]);
        const moved = after.filter((one, i) => one !== before[i]);
        const shares = [shareOf(before, "canary"), shareOf(after, "canary"), moved.length / USERS] as const;
        world.note(
          `canary ${shares[0].toFixed(3)}, then ${shares[1].toFixed(3)}; ${shares[2].toFixed(3)} moved; ${calls} requests; ${said}`,
        );
        // By names and salt alone: the same users in every run.
        assert.ok(Math.abs(shares[0] - 0.25) < 0.08, `canary's share at 75/25: ${shares[0]}`);
        assert.ok(Math.abs(shares[1] - 0.5) < 0.09, `canary's share at 50/50: ${shares[1]}`);
        assert.ok(
          moved.every((one) => one === "canary"),
          "users left the predictor that gained weight",
        );
        assert.equal(
          moved.length,
          Math.round((shares[1] - shares[0]) * USERS),
          "more users moved than the weights ask for",
        );
        assert.ok((answers.get(V2) ?? 0) > 0.1 * calls, "those without the header are not split");
      }),
  },
  {
    name: "filter/canary",
    shows: "a canary is added under load, gets more requests and goes again: no request fails",
    timeoutMs: 600_000,
    run: (world) =>
      withFilteredMesh(world, async (mesh) => {
        const alone = { predictors: [predictor("main")] };
        await mesh.apply(alone);
        await mesh.untilFiltered();
        const load = mesh.load(chosenBy);
        await load.more(100);
        for (let round = 0; round < 2; round += 1) {
          await mesh.apply(split(50, 50));
          await load.untilAnswer(BY_CANARY);
          await load.more(200);
          await mesh.apply(split(20, 80));
          await load.more(200);
          await mesh.apply(alone);
          await load.untilNoMore(BY_CANARY);
          await untilTrue(
            "the canary's pods are gone",
            async () => (await world.podsOf("seldon-app=canary-canary")).length === 0,
          );
        }
        // Routes may leave a predictor before the filter hears of it: Istio's weights decide meanwhile.
        const { calls, answers } = await load.stopFlawless([BY_MAIN, BY_CANARY, `${V1} by nobody`]);
        world.note(`${calls} requests: ${JSON.stringify([...answers])}`);
      }),
  },
];
