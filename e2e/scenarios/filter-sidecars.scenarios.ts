import assert from "node:assert/strict";
import { status } from "@grpc/grpc-js";
import { seldon } from "#proto/gen/seldon.js";
import { decide } from "#proto/route-table/decide.ts";
import type { RouteTable } from "#proto/route-table/model.ts";
import { predictorOf, requestsIn, type SeenRequest } from "../runner/filtered-mesh.ts";
import type { GatewayClient } from "../runner/gateway-client.ts";
import type { Fields } from "../runner/kube.ts";
import { model, predictor } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import { FRONT, SIDECAR, withSidecarMesh, type SidecarMesh } from "../runner/sidecar-mesh.ts";
import { until, untilTrue } from "../runner/until.ts";
import { rowOf, type World } from "../runner/world.ts";

const { SeldonMessage } = seldon.protos;
const GRPC_REQUEST = SeldonMessage.encode({ data: { tensor: { shape: [1, 1], values: [1] } } }).finish();
const PREDICT = "/seldon.protos.Seldon/Predict";

const USERS = 400;
/** Every so manieth user calls through the ingress too. */
const OUTSIDE_TOO = 4;
/** How they are split by 75 and 25: the same for every run, as names and salt are. */
const SPLIT = { main: 312, canary: 88 };
/** Where a model listens itself. */
const MODEL_PORT = 9000;
/** In every value that a client makes up. */
const EVIL = "evil";
const ROWS: Readonly<Record<string, string>> = { main: "[1,2,3,4]", canary: "[5,6,7,8]" };

type Headers = Readonly<Record<string, string>>;

/** Headers that only proxies may set, and those by which clients wish for something. */
const OURS = ["predictor", "cluster", "shadow", "shadow-cluster-1", "route", "branch", "decision", "path", "routing"];
const WISHES = ["force", "explain", "secret", "unknown"];

const without = { "seldon.io/no-engine": "true" };
const pods = (env: Readonly<Record<string, string>>, version: "1" | "2" = "1") => [
  [model("classifier", { version, env })],
];

/** Two that share the traffic; the host is the Service of the first. */
const split = [
  predictor("main", { traffic: 75, annotations: { "seldon.io/svc-name": "front" } }),
  predictor("canary", { traffic: 25, pods: pods({}, "2") }),
];
/** A model without an orchestrator before it, which so sees what its sidecar lets through. */
const candidate = predictor("candidate", { shadow: true, annotations: without, pods: pods({ LOG_HEADERS: "x-" }) });
/** Answers long after everyone has given up. */
const slow = predictor("main", { annotations: { "seldon.io/svc-name": "slow" }, pods: pods({ DELAY_MS: "60000" }) });
const other = predictor("main", { annotations: { "seldon.io/svc-name": "other" } });

function policy(name: string, spec: Fields): Fields {
  const targetRef = { group: "machinelearning.seldon.io", kind: "SeldonDeployment", name };
  return { apiVersion: "graphway.dev/v1alpha1", kind: "RoutePolicy", metadata: { name }, spec: { targetRef, ...spec } };
}

/** Users go by their names alone, so that every run has the same split. */
const STICKY = policy("front", { sticky: { keys: [{ header: "x-user" }], salt: "sidecars" } });

/** What the specification makes of a user's call with this table. */
function expectedOf(mesh: SidecarMesh, table: RouteTable, user: string): string {
  const headers = [
    [":method", "POST"],
    [":path", mesh.path("front")],
    ["x-user", user],
  ] as const;
  return decide(table, headers, () => 0).choice?.predictor.name ?? "";
}

/** Every user gets the predictor that the table in the calling sidecar names, through the sidecar and through the ingress. */
async function isSplit(mesh: SidecarMesh): Promise<Readonly<Record<string, number>>> {
  const [inside, outside] = [mesh.application(FRONT), mesh.outside(FRONT)];
  const table = await mesh.table();
  const counts: Record<string, number> = { main: 0, canary: 0 };
  for (let i = 0; i < USERS; i += 1) {
    const user = `user-${i}`;
    const expected = expectedOf(mesh, table, user);
    for (const client of i % OUTSIDE_TOO === 0 ? [inside, outside] : [inside]) {
      const reply = await mesh.predict(client, { "x-user": user });
      assert.equal(`${reply.status} ${rowOf(reply)}`, `200 ${ROWS[expected]}`, `${user}: ${reply.body}`);
      assert.equal(predictorOf(reply), expected, user);
    }
    counts[expected] = (counts[expected] ?? 0) + 1;
  }
  mesh.world.note(`${counts["main"]}/${counts["canary"]} of ${USERS} users`);
  return counts;
}

/** The gRPC port of the mesh: the same users, the same predictors. */
async function isSplitByGrpc(mesh: SidecarMesh): Promise<void> {
  const table = await mesh.table();
  const client = mesh.application(FRONT, "grpc");
  for (let i = 0; i < 20; i += 1) {
    const metadata = { seldon: FRONT, namespace: mesh.models.namespace, "x-user": `user-${i}` };
    const reply = await client.grpc({ method: PREDICT, message: GRPC_REQUEST, metadata });
    assert.equal(reply.status, 0, reply.body);
    const values = SeldonMessage.decode(reply.message).data?.tensor?.values ?? [];
    assert.equal(JSON.stringify(values), ROWS[expectedOf(mesh, table, `user-${i}`)], `user-${i}`);
  }
}

async function untilTable(mesh: SidecarMesh, names: readonly string[]): Promise<void> {
  let seen = "";
  await untilTrue(
    `the calling sidecar's table has ${names.join(", ")} alone`,
    async () => {
      const { deployments } = await mesh.table();
      seen = deployments.map(({ key }) => key).join(", ");
      return seen === [...names].sort().join(", ");
    },
    { describe: () => seen },
  );
}

/** Of the deployments, those that its Sidecar lets it call; without a Sidecar, all. Others' word does not count. */
async function scopesHold(mesh: SidecarMesh): Promise<void> {
  const { models, others, apps } = mesh;
  const callable = [`${models.namespace}/${FRONT}`, `${models.namespace}/slow`];
  await untilTable(mesh, callable);
  const told = await mesh.askInPlainText(others);
  assert.ok("code" in told, "it was told of another namespace's routes");
  assert.equal(told.code, status.PERMISSION_DENIED, told.details);
  await apps.kube.delete("Sidecar", apps.namespace, SIDECAR);
  await untilTable(mesh, [...callable, `${others.namespace}/other`]);
}

/** Waits until the shadow's model has logged so many requests of this kind; resolves with them. */
async function untilCopied(
  { models }: SidecarMesh,
  count: number,
  isMeant: (request: SeenRequest) => boolean,
): Promise<readonly SeenRequest[]> {
  let seen = 0;
  return until(
    `the shadow has had ${count} requests`,
    async () => {
      const requests = (await requestsIn(models, `seldon-app=${FRONT}-candidate`)).filter(isMeant);
      seen = requests.length;
      return seen >= count ? requests : undefined;
    },
    { describe: () => String(seen) },
  );
}

/** A call that is named in the header `x-call`, to be found again in a model's log. */
async function callCandidate(client: GatewayClient, name: string, headers: Headers = {}): Promise<void> {
  const call = { path: "/api/v1.0/predictions", body: '{"data":{"ndarray":[[1]]}}' };
  const reply = await client.rest({ ...call, headers: { "x-call": name, ...headers } });
  assert.equal(reply.status, 200, reply.body);
}

function isCall(name: string): (request: SeenRequest) => boolean {
  return ({ headers }) => headers["x-call"] === name;
}

/** The sidecar of the shadow tags what only Envoy's own mark tells to be a copy. */
async function untilTagged(mesh: SidecarMesh): Promise<void> {
  const marked = await mesh.direct(`${FRONT}-candidate`, MODEL_PORT, `${FRONT}-shadow:8000`);
  await untilTrue("a copy is tagged where it arrives", async () => {
    const name = `marked-${performance.now()}`;
    await callCandidate(marked, name);
    const [request] = await untilCopied(mesh, 1, isCall(name));
    return isTagged(request);
  });
}

function isTagged(request: SeenRequest | undefined): boolean {
  return request?.headers["x-graphway-shadow"] === "1";
}

/** Every user's request was copied once, and tagged. */
async function copiesAreTagged(mesh: SidecarMesh): Promise<void> {
  const sent = USERS + USERS / OUTSIDE_TOO;
  const copies = await untilCopied(mesh, sent, ({ headers }) => headers["x-user"]?.startsWith("user-") === true);
  assert.equal(copies.length, sent);
  assert.deepEqual(
    copies.filter((copy) => !isTagged(copy)),
    [],
    "a copy without its tag",
  );
  mesh.world.note(`${copies.length} copies`);
}

/** Through the ingress, and in plain text to a pod: nothing of ours that was made up outside of the mesh arrives. */
async function forgedAreGone(mesh: SidecarMesh): Promise<void> {
  const outside = mesh.outside(FRONT);
  const user = { "x-user": "somebody" };
  const honest = predictorOf(await mesh.predict(outside, user));
  const sets = { ours: OURS, wishes: WISHES, both: [...OURS, ...WISHES] };
  for (const [name, headers] of Object.entries(sets)) {
    const reply = await mesh.predict(outside, { ...user, "x-call": name, ...forged(headers) });
    assert.equal(`${reply.status} ${predictorOf(reply)}`, `200 ${honest}`, name);
    assert.ok(!JSON.stringify(reply.headers).includes(EVIL), `${name}: it came back`);
    areClean(await untilCopied(mesh, 1, isCall(name)));
  }
  const direct = await mesh.direct(`${FRONT}-candidate`, MODEL_PORT);
  await callCandidate(direct, "direct", forged(sets.both));
  areClean(await untilCopied(mesh, 1, isCall("direct")));
}

function forged(names: readonly string[]): Headers {
  return Object.fromEntries(names.map((name) => [`x-graphway-${name}`, EVIL]));
}

function areClean(requests: readonly SeenRequest[]): void {
  const dirty = requests.filter(({ headers }) => JSON.stringify(headers).includes(EVIL));
  assert.deepEqual(dirty, [], "headers of somebody outside of the mesh reached a model");
}

/**
 * The model answers after a minute: who answers before is the orchestrator, which was told how long it has. Of gRPC's own deadlines the
 * caller's Envoy keeps count too, and may be the first to say so.
 */
async function deadlinesArrive(mesh: SidecarMesh): Promise<void> {
  const client = mesh.application("slow");
  for (const asked of [{}, { "x-graphway-timeout-ms": "300" }]) {
    const reply = await mesh.predict(client, asked, "slow");
    assert.equal(reply.status, 504, reply.body);
    assert.match(reply.body, /the request's deadline has passed/);
  }
  const metadata = { seldon: "slow", namespace: mesh.models.namespace, "x-graphway-timeout-ms": "300" };
  const reply = await mesh.application("slow", "grpc").grpc({ method: PREDICT, message: GRPC_REQUEST, metadata });
  assert.match(`${reply.status} ${reply.body}`, /^(4 .*deadline has passed|14 upstream request timeout)/);
}

/** In plain text nobody gets anywhere; with a certificate, only to what is of the namespace that it is of. */
async function certificatesDecide(mesh: SidecarMesh): Promise<void> {
  const { models, apps } = mesh;
  await assert.rejects(mesh.predict(await mesh.direct(FRONT, 8000)), "a model answers in plain text");
  const claimed = { "x-forwarded-client-cert": `URI=spiffe://cluster.local/ns/${models.namespace}/sa/default` };
  const plain = await mesh.askInPlainText(models, claimed);
  assert.ok("code" in plain && plain.code === status.UNAVAILABLE, JSON.stringify(plain));
  for (const headers of [{}, claimed]) {
    const refused = await mesh.askAs(models, headers);
    assert.ok("code" in refused, "it was told of another namespace's routes");
    assert.equal(refused.code, status.PERMISSION_DENIED, refused.details);
    assert.ok(refused.details.includes(apps.namespace), refused.details);
    assert.deepEqual(await mesh.askAs(apps, headers), { names: ["graphway.outbound"] });
  }
}

type Deployed = readonly [world: World, name: string, shape: Parameters<SidecarMesh["deployment"]>[1]];

async function deploy(mesh: SidecarMesh, ...all: readonly Deployed[]): Promise<void> {
  for (const [world, name, shape] of all) await world.apply(mesh.deployment(name, shape));
  for (const [world, name] of all) {
    await world.untilAvailable(name, { timeoutMs: 240_000 });
    await world.untilProgrammed(name);
  }
}

export const scenarios: readonly Scenario[] = [
  {
    name: "filter/sidecars",
    shows:
      "sidecars of callers split by their own tables, which hold what they may call; models' sidecars tag copies and take forged headers off",
    timeoutMs: 900_000,
    run: async (world) => {
      const values = { peersOnly: true, namespaces: [`${world.namespace}-apps`, `${world.namespace}-models`] };
      await withSidecarMesh(world, { values, isStrict: false }, async (mesh) => {
        const gateways = { both: `${world.namespace}/ingress,mesh`, mesh: "mesh" };
        const { models, others } = mesh;
        await models.apply(STICKY, policy("slow", { deadline: { defaultMs: 500, maxMs: 30_000 } }));
        await deploy(
          mesh,
          [models, FRONT, { gateways: gateways.both, predictors: [...split, candidate] }],
          [models, "slow", { gateways: gateways.mesh, predictors: [slow] }],
          [others, "other", { gateways: gateways.mesh, predictors: [other] }],
        );
        await untilTagged(mesh);
        await mesh.untilFiltered();
        const counts = await isSplit(mesh);
        assert.deepEqual(counts, SPLIT);
        await copiesAreTagged(mesh);
        await isSplitByGrpc(mesh);
        await forgedAreGone(mesh);
        await deadlinesArrive(mesh);
        assert.equal((await mesh.predict(mesh.outside("slow"), {}, "slow")).status, 404, "the ingress has a route");
        await scopesHold(mesh);
      });
    },
  },
  {
    name: "filter/strict-mtls",
    shows:
      "with strict mTLS, and the control plane behind a sidecar of its own, filters get the tables of their namespaces and of no other",
    timeoutMs: 900_000,
    run: async (world) => {
      const values = { inject: true, revision: world.namespace, mtls: "STRICT", peersOnly: true };
      await withSidecarMesh(world, { values, isStrict: true }, async (mesh) => {
        const gateways = `${world.namespace}/ingress,mesh`;
        await mesh.models.apply(STICKY);
        await deploy(mesh, [mesh.models, FRONT, { gateways, predictors: split }]);
        await mesh.untilFiltered();
        assert.deepEqual(await isSplit(mesh), SPLIT);
        await isSplitByGrpc(mesh);
        await certificatesDecide(mesh);
      });
    },
  },
];
