import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { findScenarios } from "./find-scenarios.ts";
import type { Reply } from "./gateway-client.ts";
import { Load } from "./load.ts";
import { deployment, model, predictor, withImages } from "./manifest.ts";
import { assertLevel } from "./memory.ts";
import { readOptions } from "./options.ts";
import { formatSum, formatTable } from "./report.ts";
import { isSelected } from "./scenario.ts";
import { readTarget, targetEnvironment, type Target } from "./target.ts";
import { until } from "./until.ts";
import { isThere } from "./gateway-api.ts";
import type { Kube, KubeObject } from "./kube.ts";
import { rowOf, World } from "./world.ts";

const reply = (status: number, body: string): Reply => ({ status, headers: {}, body });

test("scenarios are selected by name, group or pattern", () => {
  const names = ["rolling/image", "rolling/rename", "traffic/canary"];
  const select = (...words: string[]): string[] => names.filter((name) => isSelected(name, words));
  assert.deepEqual(select(), names);
  assert.deepEqual(select("rolling"), names.slice(0, 2));
  assert.deepEqual(select("rolling/*"), names.slice(0, 2));
  assert.deepEqual(select("*/canary", "rolling/image"), ["rolling/image", "traffic/canary"]);
  assert.deepEqual(select("rol", "canary"), []);
});

test("every scenario has a name of a group, and says what it shows", async () => {
  const found = await findScenarios(join(import.meta.dirname, "..", "scenarios"));
  assert.ok(found.length > 40);
  for (const { name, shows } of found) {
    assert.match(name, /^[a-z0-9-]+\/[a-z0-9-]+$/);
    assert.ok(shows.length > 10, name);
  }
});

test("a load counts answers and failures, and says which failed", async () => {
  let calls = 0;
  const make = (): Promise<Reply> => {
    calls += 1;
    if (calls === 5) return Promise.reject(new Error("refused"));
    return Promise.resolve(calls % 7 === 0 ? reply(503, "no upstream") : reply(200, '{"data":{"ndarray":[[1]]}}'));
  };
  const load = new Load(make, rowOf, { loops: 1, pauseMs: 0 });
  await load.more(20);
  const { answers, failures } = await load.stop();
  assert.deepEqual(
    failures.slice(0, 2).map(({ status, body }) => [status, body]),
    [
      [-1, "Error: refused"],
      [503, "no upstream"],
    ],
  );
  assert.ok((answers.get("[1]") ?? 0) >= 16);
  await assert.rejects(load.stopFlawless(["[1]"]), /requests failed:\n.*-1 Error: refused/);
});

test("a load without failures that answers strangely is not flawless", async () => {
  const load = new Load(() => Promise.resolve(reply(200, '{"data":{"tensor":{"values":[9]}}}')), rowOf);
  await load.untilAnswer("[9]");
  await assert.rejects(load.stopFlawless(["[1]"]), /answers that nobody expects/);
});

test("a load tells when an answer comes no more, and not before", async () => {
  let calls = 0;
  const make = (): Promise<Reply> => {
    calls += 1;
    const row = calls <= 50 || calls === 60 ? 1 : 2;
    return Promise.resolve(reply(200, `{"data":{"ndarray":[[${row}]]}}`));
  };
  const load = new Load(make, rowOf, { loops: 1, pauseMs: 0 });
  await load.untilNoMore("[1]", 20);
  assert.equal(load.answersOf("[1]"), 51);
  await load.stopFlawless(["[1]", "[2]"]);
});

test("memory that goes up and down is level, and what stays of it is not", () => {
  const margin = { share: 0.1, mib: 5 };
  const upAndDown = Array.from({ length: 40 }, (_, i) => 100 + (i % 5) * 30);
  assertLevel("it", upAndDown, margin);
  const leaking = upAndDown.map((mib, i) => mib + i * 4);
  assert.throws(() => {
    assertLevel("it", leaking, margin);
  }, /it grows/);
});

test("until says what it saw last, and a throw while looking is not the end", async () => {
  let looks = 0;
  const found = await until("it", () => {
    looks += 1;
    if (looks < 3) throw new Error("not yet");
    return Promise.resolve(looks);
  });
  assert.equal(found, 3);
  const never = until("it", () => Promise.resolve(undefined), { timeoutMs: 30, everyMs: 5, describe: () => "nothing" });
  await assert.rejects(never, /^Error: it: not within 0.03 s; last seen: nothing$/);
});

test("manifests are what users write", () => {
  const pods = [[model("classifier", { version: "2", env: { A: "1" } })]];
  const made = withImages(deployment("x", { predictors: [predictor("main", { traffic: 75, pods })] }), {
    "1": "one",
    "2": "two",
  });
  const { componentSpecs, ...rest } = (made["spec"] as { predictors: Record<string, unknown>[] }).predictors[0] ?? {};
  assert.deepEqual(rest, {
    name: "main",
    graph: { name: "classifier", type: "MODEL" },
    svcOrchSpec: { resources: { requests: { cpu: "10m", memory: "32Mi" } } },
    traffic: 75,
  });
  const [pod] = componentSpecs as { spec: { containers: Record<string, unknown>[] } }[];
  assert.equal(pod?.spec.containers[0]?.["image"], "two");
});

test("options: what is wrong is said", () => {
  assert.match(JSON.stringify(readOptions(["--target", "moon"])), /no target moon/);
  assert.match(JSON.stringify(readOptions(["--target", "kubeconfig"])), /needs --ingress/);
  assert.match(JSON.stringify(readOptions(["--jobs", "0"])), /--jobs/);
  assert.match(JSON.stringify(readOptions(["--wrong"])), /--wrong/);
  const good = readOptions(["rolling", "--jobs", "2", "--keep"]);
  assert.ok(typeof good === "object" && good.jobs === 2 && good.keep && good.names[0] === "rolling");
});

test("a target survives the way through the environment", () => {
  const target = {
    kubeconfig: "/k",
    ingress: "h:1",
    gateway: "a/b",
    operatorNamespace: "o",
    modelImages: { "1": "a", "2": "b" },
    executorImage: "c",
  };
  assert.deepEqual(readTarget(targetEnvironment(target)), target);
  assert.throws(() => readTarget({}), /npm run e2e/);
});

test("the table ends with what failed", () => {
  const scenario = (name: string) => ({ name, shows: "that it works", run: () => Promise.resolve() });
  const outcomes = [
    { scenario: scenario("a/b"), result: "failed", seconds: 1, message: "x", notes: [] },
    { scenario: scenario("a/c"), result: "passed", seconds: 2.25, message: "", notes: ["7 requests"] },
  ] as const;
  assert.deepEqual(formatTable(outcomes).split("\n"), [
    "a/c       passed     2.3 s  that it works  (7 requests)",
    "a/b       failed     1.0 s  that it works",
    "",
  ]);
  assert.equal(formatSum(outcomes, 3), "1 passed, 1 failed, 0 not run in 3 s\n");
});

test("a kind that is being taken away is waited for, and then is not there", async () => {
  const metadata = { name: "k" };
  const object = (more: object): KubeObject => ({ apiVersion: "v1", kind: "K", metadata: { ...metadata, ...more } });
  const leaves = [object({ deletionTimestamp: "now" }), object({ deletionTimestamp: "now" }), undefined];
  const get = (): Promise<KubeObject | undefined> => Promise.resolve(leaves.shift());
  assert.equal(await isThere({ get }, "k"), false);
  assert.equal(leaves.length, 0);
  assert.equal(await isThere({ get: () => Promise.resolve(object({})) }, "k"), true);
});

test("what a scenario begins is undone at its end, the newest first, and nothing begins after it", async () => {
  const target = { ingress: "127.0.0.1:1" } as unknown as Target;
  const world = new World(target, {} as unknown as Kube, "n");
  const undone: number[] = [];
  for (const one of [1, 2]) world.atEnd(() => Promise.resolve(void undone.push(one)));
  await world.close();
  assert.deepEqual(undone, [2, 1]);
  assert.throws(() => {
    world.atEnd(() => Promise.resolve());
  }, /the scenario has ended/);
});
