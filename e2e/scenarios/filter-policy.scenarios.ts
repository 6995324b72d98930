import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  predictorOf,
  tokenOf,
  withFilteredMesh,
  type FilteredMesh,
  type SeenRequest,
} from "../runner/filtered-mesh.ts";
import type { Reply } from "../runner/gateway-client.ts";
import type { Fields } from "../runner/kube.ts";
import { model, predictor } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import { until, untilTrue } from "../runner/until.ts";
import { rowOf, type World } from "../runner/world.ts";

const SECRET = "a-secret-of-the-testers";
const FEEDBACK = "api/v1.0/feedback";
const TESTER = { "x-tier": "tester" };
/** What each predictor answers. */
const ROWS = { main: "[1,2,3,4]", other: "[5,6,7,8]", canary: "[9]" } as const;

/** A model without an orchestrator before it, which so sees what Envoy sends. */
function seeing(name: string, shape: Fields, env: Readonly<Record<string, string>> = {}): Fields {
  const answer = (ROWS as Readonly<Record<string, string>>)[name] ?? "[0]";
  const pods = [[model("classifier", { env: { LOG_HEADERS: "x-", ANSWER: answer, ...env } })]];
  return predictor(name, { annotations: { "seldon.io/no-engine": "true" }, pods, ...shape });
}

/** Two that share the traffic, one that a rule alone leads to and whose first two answers are 503, and a shadow. */
const predictors = [
  seeing("main", { traffic: 50 }),
  seeing("other", { traffic: 50 }),
  seeing("canary", { traffic: 0 }, { FAIL_FIRST: "2" }),
  seeing("candidate", { shadow: true }),
];

const grants = [{ secretSha256: createHash("sha256").update(SECRET).digest("hex") }];
const SPEC = {
  rules: [{ name: "testers", match: { headers: [{ name: "x-tier", exact: "tester" }] }, predictor: "canary" }],
  sticky: { keys: [{ header: "x-user" }, { cookie: "visitor", issue: { maxAgeSeconds: 60 } }] },
  shadows: [{ predictor: "candidate", percent: 50 }],
  retries: { attempts: 2, http: ["gateway-error"] },
  force: { grants },
  explain: { grants },
};

/** Feedback that fails stays failed; a prediction that fails is tried again. */
async function feedbackIsNotRetried(mesh: FilteredMesh): Promise<void> {
  const feedback = await mesh.predict(TESTER, FEEDBACK);
  assert.equal(feedback.status, 503, "feedback that the model refused");
  const prediction = await mesh.predict(TESTER);
  assert.equal(`${prediction.status} ${rowOf(prediction)}`, `200 ${ROWS.canary}`);
  const seen = await untilSeen(mesh, "canary", 3);
  assert.deepEqual(
    seen.map(({ path }) => path.split("/").at(-1)),
    ["feedback", "predictions", "predictions"],
  );
}

/** Waits until a predictor's model has logged so many of these requests: a log shows what was written a moment ago. */
async function untilSeen(
  mesh: FilteredMesh,
  name: string,
  count: number,
  isMeant: (request: SeenRequest) => boolean = () => true,
): Promise<readonly SeenRequest[]> {
  let seen: readonly SeenRequest[] = [];
  return until(
    `${count} requests at ${name}`,
    async () => {
      seen = (await mesh.requestsOf(name)).filter(isMeant);
      return seen.length >= count ? seen : undefined;
    },
    { describe: () => String(seen.length) },
  );
}

/** Waits until these are all that the model of a predictor logs: copies are waited for by no answer. */
async function untilQuiet(mesh: FilteredMesh, name: string): Promise<readonly SeenRequest[]> {
  let count = -1;
  return until(
    `no more requests at ${name}`,
    async () => {
      const seen = await mesh.requestsOf(name);
      const isQuiet = seen.length === count;
      count = seen.length;
      return isQuiet ? seen : undefined;
    },
    { everyMs: 2000 },
  );
}

async function cookiesAreObeyed(mesh: FilteredMesh): Promise<void> {
  const met = new Set<string>();
  // So many that chance leaves neither without one.
  for (let visitor = 0; visitor < 60; visitor += 1) {
    const first = await mesh.predict();
    const issued = first.headers["set-cookie"] ?? "";
    assert.match(issued, /^visitor=[^;]+;.*Max-Age=60/i);
    met.add(predictorOf(first));
    const cookie = issued.split(";")[0] ?? "";
    for (let i = 0; i < 2; i += 1) {
      const next = await mesh.predict({ cookie });
      assert.equal(next.headers["set-cookie"], undefined, "a second cookie");
      assert.equal(predictorOf(next), predictorOf(first), `visitor ${cookie}`);
    }
  }
  assert.deepEqual([...met].sort(), ["main", "other"]);
}

/** Half of the predictions are copied and tagged so, under their own ids; feedback is not. */
async function copiesAreTagged(world: World, mesh: FilteredMesh): Promise<void> {
  const times = 400;
  const answered = { main: 0, other: 0 };
  for (let i = 0; i < times; i += 1) {
    const user = { "x-user": `copied-${i}` };
    const reply = await mesh.predict(user);
    assert.equal(reply.status, 200);
    answered[predictorOf(reply) === "main" ? "main" : "other"] += 1;
    if (i % 10 === 0) assert.equal((await mesh.predict({ "x-user": `fed-back-${i}` }, FEEDBACK)).status, 200);
  }
  const isOurs = ({ headers }: SeenRequest): boolean => headers["x-user"]?.startsWith("copied-") === true;
  const copies = await untilQuiet(mesh, "candidate");
  assert.ok(
    copies.every(({ headers }) => headers["x-graphway-shadow"] === "1"),
    "a copy without its tag",
  );
  assert.ok(!copies.some(({ path }) => path.endsWith("feedback")), "feedback was copied");
  for (const name of ["main", "other"] as const) await untilSeen(mesh, name, answered[name], isOurs);
  const live = [...(await mesh.requestsOf("main")), ...(await mesh.requestsOf("other"))];
  assert.equal(live.filter(isOurs).length, times);
  assert.ok(!live.some(({ headers }) => "x-graphway-shadow" in headers), "a live request is tagged as a copy");
  const ids = new Set(live.map(({ headers }) => headers["x-request-id"]));
  const ours = copies.filter(isOurs);
  assert.ok(
    ours.every(({ headers }) => ids.has(headers["x-request-id"])),
    "a copy under another id",
  );
  world.note(`${ours.length} of ${times} copied`);
  assert.ok(Math.abs(ours.length / times - 0.5) < 0.15, `${ours.length} of ${times} copied`);
}

async function onlyTheSecretPermits(mesh: FilteredMesh): Promise<void> {
  const asked = { "x-graphway-force": "predictor=canary", "x-graphway-explain": "1" };
  const forced = await mesh.predict({ ...asked, "x-graphway-secret": SECRET });
  assert.equal(rowOf(forced), ROWS.canary);
  assert.match(tokenOf(forced) ?? "", /\.f\./);
  assert.match(forced.headers["x-graphway-decision"] ?? "", /predictor=canary;by=forced/);
  for (const secret of [
    {},
    { "x-graphway-secret": `${SECRET}.` },
    { "x-graphway-secret": grants[0]?.secretSha256 ?? "" },
  ]) {
    for (let i = 0; i < 5; i += 1) {
      const refused = await mesh.predict({ ...asked, ...secret });
      assert.ok(
        [ROWS.main, ROWS.other].some((row) => row === rowOf(refused)),
        "forced without permission",
      );
      assert.equal(refused.headers["x-graphway-decision"] ?? "", "", "explained without permission");
    }
  }
  const seen = [...(await mesh.requestsOf("canary")), ...(await mesh.requestsOf("main"))];
  assert.ok(!JSON.stringify(seen).includes(SECRET), "the secret reached a model");
}

/** `Accepted=True Programmed=False …` with what the conditions say. */
async function statusOf(world: World): Promise<string> {
  const { status, metadata } = await world.need("RoutePolicy", "canary");
  const ancestors = (status?.["ancestors"] ?? []) as readonly {
    controllerName: string;
    conditions: readonly Fields[];
  }[];
  const own = ancestors.find((one) => one.controllerName.endsWith(world.namespace));
  const conditions = own?.conditions ?? [];
  const isNew = conditions.every((one) => one["observedGeneration"] === metadata.generation);
  const said = conditions.map((one) => `${one["type"]}=${one["status"]}/${one["reason"]} ${one["message"]}`);
  return isNew ? said.join("\n") : "";
}

async function untilStatus(world: World, wanted: readonly RegExp[]): Promise<string> {
  let seen = "";
  await untilTrue(
    "the policy's status says so",
    async () => {
      seen = await statusOf(world);
      return wanted.every((one) => one.test(seen));
    },
    { describe: () => seen },
  );
  return seen;
}

/** A policy with an error: it says so, and what held goes on. */
async function badPolicyChangesNothing(world: World, mesh: FilteredMesh): Promise<void> {
  const table = await mesh.table();
  const load = mesh.load();
  const rules = [{ name: "testers", match: SPEC.rules[0]?.match, predictor: "nobody" }];
  await world.kubectlApply(mesh.policy({ ...SPEC, rules }));
  const said = await untilStatus(world, [/Accepted=False\/Invalid .*nobody/, /Programmed=False\/NotAccepted/]);
  assert.ok(!said.includes(SECRET));
  await load.more(100);
  assert.equal(rowOf(await mesh.predict(TESTER)), ROWS.canary);
  assert.equal(await mesh.table(), table);
  await load.stopFlawless([ROWS.main, ROWS.other]);
  await world.kubectlApply(mesh.policy(SPEC));
  await untilStatus(world, [/Accepted=True/, /Programmed=True/]);
}

function isDecided(reply: Reply): boolean {
  return reply.status === 200 && reply.headers["set-cookie"] !== undefined;
}

export const scenarios: readonly Scenario[] = [
  {
    name: "filter/policy",
    shows:
      "a RoutePolicy's rule, cookie, tagged copies, retries and permissions hold in Istio's gateway; a bad one changes nothing",
    timeoutMs: 600_000,
    run: (world) =>
      withFilteredMesh(world, async (mesh) => {
        await world.kubectlApply(mesh.policy(SPEC));
        await mesh.apply({ predictors });
        await untilStatus(world, [/Accepted=True/]);
        await mesh.untilAnswered("the policy holds", isDecided);
        await untilStatus(world, [/Programmed=True/]);
        await feedbackIsNotRetried(mesh);
        await cookiesAreObeyed(mesh);
        await copiesAreTagged(world, mesh);
        await onlyTheSecretPermits(mesh);
        await badPolicyChangesNothing(world, mesh);
      }),
  },
];
