import assert from "node:assert/strict";
import { tableOf, withFilteredMesh, type FilteredMesh } from "../runner/filtered-mesh.ts";
import type { Reply } from "../runner/gateway-client.ts";
import type { Load } from "../runner/load.ts";
import { model, predictor } from "../runner/manifest.ts";
import { rawRequest, statusOfRaw } from "../runner/raw-http.ts";
import type { Scenario } from "../runner/scenario.ts";
import { until, untilTrue } from "../runner/until.ts";
import { rowOf, type World } from "../runner/world.ts";

const V1 = "[1,2,3,4]";
/** In every value that a client makes up: it must stand in no model's log. */
const EVIL = "evil";
/** In a header of the last request. */
const LAST = "last";

function seeing(name: string, traffic: number) {
  const pods = [[model("classifier", { version: name === "main" ? "1" : "2", env: { LOG_HEADERS: "x-" } })]];
  return predictor(name, { traffic, annotations: { "seldon.io/no-engine": "true" }, pods });
}

/** Header lines by which a client may try to choose: of everything that is ours, with what would work if it were believed. */
function forged(namespace: string): readonly (readonly [name: string, value: string])[] {
  const cluster = `outbound|9000|canary|canary-canary.${namespace}.svc.cluster.local`;
  return [
    ["x-graphway-predictor", "canary"],
    ["x-graphway-cluster", cluster],
    ["x-graphway-shadow", EVIL],
    ["x-graphway-shadow-cluster-1", cluster],
    ["x-graphway-shadow-cluster-2", cluster],
    ["x-graphway-shadow-cluster-99", cluster],
    ["x-graphway-route", `${EVIL}.f.000`],
    ["x-graphway-branch", `${EVIL}=0`],
    ["x-graphway-decision", EVIL],
    ["x-graphway-path", EVIL],
    ["x-graphway-routing", EVIL],
    ["x-graphway-set-cookie", `${EVIL}=1`],
    ["x-graphway-force", "predictor=canary"],
    ["x-graphway-explain", "1"],
    ["x-graphway-secret", EVIL],
    ["x-graphway-timeout-ms", EVIL],
    ["x-graphway-unknown", EVIL],
    ["x-envoy-retry-on", "5xx"],
    ["x-envoy-max-retries", "9"],
  ];
}

/** Sets of header lines, by what is odd about them. */
function attacks(namespace: string): ReadonlyMap<string, readonly string[]> {
  const all = forged(namespace);
  const lines = all.map(([name, value]) => `${name}: ${value}`);
  const many = (count: number, line: (i: number) => string): readonly string[] =>
    Array.from({ length: count }, (_, i) => line(i));
  const one = new Map(all.map(([name, value]) => [`${name} alone`, [`${name}: ${value}`]]));
  return new Map<string, readonly string[]>([
    ...one,
    ["all of them", lines],
    ["all in capitals", all.map(([name, value]) => `${name.toUpperCase()}: ${value}`)],
    ["all twice", [...lines, ...lines]],
    ["the first empty, the second forged", all.flatMap(([name, value]) => [`${name}:`, `${name}: ${value}`])],
    ["forged, then a list", all.map(([name, value]) => `${name}: ${value}, main`)],
    ["underscores", all.map(([name, value]) => `${name.replaceAll("-", "_")}: ${value}`)],
    ["blanks around the value", all.map(([name, value]) => `${name}: \t ${value} \t`)],
    ["named in Connection", [`connection: close, ${all.map(([name]) => name).join(", ")}`, ...lines]],
    ["empty values", all.map(([name]) => `${name}:`)],
    ["bytes beyond ASCII", all.map(([name, value]) => `${name}: ${value}\xff\xfe`)],
    [
      "force in every form",
      ["predictor=canary;predictor=main", "predictor=", ";;;=;", "predictor=canary;shadow=off", "=".repeat(4000)].map(
        (value) => `x-graphway-force: ${value}`,
      ),
    ],
    ["90 of ours", many(90, (i) => `x-graphway-shadow-cluster-${i}: canary`)],
    ["1,000 headers", many(1000, (i) => `x-header-${i}: ${EVIL}`)],
    ["1,000 times the predictor", many(1000, () => "x-graphway-predictor: canary")],
    ["a value of 50,000 bytes", [`x-graphway-force: ${EVIL.repeat(12_500)}`]],
    ["a value of 100,000 bytes", [`x-graphway-predictor: ${"canary".repeat(17_000)}`]],
    ["a NUL", ["x-graphway-predictor: canary\0"]],
    ["a folded line", ["x-other: 1", " x-graphway-predictor: canary"]],
    ["a blank before the colon", ["x-graphway-predictor : canary"]],
    ["no name", [": canary"]],
    ["no colon", ["x-graphway-predictor canary"]],
    ["a bare line feed", ["x-other: 1\nx-graphway-predictor: canary"]],
    ["a pseudo header", [":path: /seldon/other", "x-graphway-predictor: canary"]],
    ["two lengths", ["content-length: 1", "x-graphway-predictor: canary"]],
    ["length and chunks", ["transfer-encoding: chunked", "x-graphway-predictor: canary"]],
  ]);
}

/** Envoy refuses some before it has read them, and closes: an answer that was lost with the connection is asked for again. */
function answerTo(mesh: FilteredMesh, request: Buffer): Promise<string> {
  return until("a raw request is answered", async () => {
    const answer = await mesh.raw(request);
    return answer === "" ? undefined : answer;
  });
}

/** Either answered by the predictor that has the traffic, or refused as Envoy refuses malformed requests. */
async function attack(world: World, mesh: FilteredMesh): Promise<string> {
  const path = `/seldon/${world.namespace}/canary/api/v1.0/predictions`;
  const body = '{"data":{"ndarray":[[1.0,2.0,5.0]]}}';
  const sums = new Map<number, number>();
  for (const [what, lines] of attacks(world.namespace)) {
    const answer = await answerTo(mesh, rawRequest("POST", path, lines, body));
    const status = statusOfRaw(answer);
    sums.set(status, (sums.get(status) ?? 0) + 1);
    assert.ok([200, 400, 431].includes(status), `${what}: ${answer.slice(0, 300)}`);
    if (status !== 200) continue;
    assert.ok(answer.includes(V1), `${what}: answered by another predictor: ${answer}`);
    assert.ok(!answer.includes(EVIL), `${what}: what was made up came back: ${answer}`);
    assert.ok(!/^x-graphway-decision: ./im.test(answer), `${what}: explained without permission: ${answer}`);
  }
  return [...sums].map(([status, count]) => `${count} times ${status}`).join(", ");
}

async function nothingArrived(mesh: FilteredMesh, expected: RegExp): Promise<void> {
  // Logs show what was written a moment ago: what comes last tells that all before is there.
  await mesh.predict({ "x-other": LAST });
  await untilTrue("the log of main is there", async () =>
    (await mesh.requestsOf("main")).some(({ headers }) => headers["x-other"] === LAST),
  );
  assert.deepEqual(await mesh.requestsOf("canary"), [], "the predictor without traffic was reached");
  const seen = await mesh.requestsOf("main");
  const unexpected = seen.flatMap(({ headers }) => Object.keys(headers).filter((name) => !expected.test(name)));
  assert.deepEqual(unexpected.slice(0, 5), [], "headers that only proxies may set reached the model");
  assert.ok(!seen.some(({ headers }) => headers["x-graphway-route"]?.includes(EVIL)), "a made-up decision arrived");
}

/** What Envoy and the filter add, headers that mean nothing to us, and the one of ours that clients may send. */
const EXPECTED = /^x-(graphway-(predictor|route|timeout-ms)$|forwarded-|request-id$|envoy-|header-\d+$|other$)/;
/** Without the filter, which takes off all that begins as ours do, also what nobody has ever heard of. */
const EXPECTED_UNFILTERED = new RegExp(`${EXPECTED.source}|^x-graphway-unknown$`);

function answerAndDecision(reply: Reply): string {
  return `${rowOf(reply)} by ${tableOf(reply) === undefined ? "fallback" : "filter"}`;
}

/** Predictors without orchestrators, of which one has no traffic, behind a gateway with the filter. */
async function setUp(mesh: FilteredMesh): Promise<void> {
  await mesh.apply({ predictors: [seeing("main", 100), seeing("canary", 0)] });
  await mesh.untilFiltered();
}

/** Meanwhile everybody else is answered so; of ours nothing but these headers reaches a model. */
async function withstands(
  world: World,
  mesh: FilteredMesh,
  load: Load,
  answer: string,
  expected: RegExp,
): Promise<void> {
  const statuses = await attack(world, mesh);
  await load.stopFlawless([answer]);
  await nothingArrived(mesh, expected);
  world.note(statuses);
}

export const scenarios: readonly Scenario[] = [
  {
    name: "filter/hostile",
    shows: "no header of a client chooses a predictor, makes a copy or reaches a model",
    timeoutMs: 600_000,
    run: (world) =>
      withFilteredMesh(world, async (mesh) => {
        await setUp(mesh);
        await withstands(world, mesh, mesh.load(), V1, EXPECTED);
      }),
  },
  {
    name: "filter/hostile-unfiltered",
    shows: "nor does one while a gateway has the EnvoyFilters, and no filter to load",
    timeoutMs: 600_000,
    run: (world) =>
      withFilteredMesh(world, async (mesh) => {
        await setUp(mesh);
        await mesh.scaleControlPlane(0);
        await mesh.restartIngress();
        await mesh.untilFallback();
        await withstands(world, mesh, mesh.load(answerAndDecision), `${V1} by fallback`, EXPECTED_UNFILTERED);
      }),
  },
];
