import assert from "node:assert/strict";
import { requestsIn } from "../runner/filtered-mesh.ts";
import type { Reply } from "../runner/gateway-client.ts";
import { deployment, model, predictor } from "../runner/manifest.ts";
import { startMeshCaller } from "../runner/mesh-caller.ts";
import type { Scenario } from "../runner/scenario.ts";
import { until, untilTrue } from "../runner/until.ts";
import { rowOf, type World } from "../runner/world.ts";

const V1 = "[1,2,3,4]";
const V2 = "[5,6,7,8]";
const version2 = [[model("classifier", { version: "2" })]];

/** So many that chance takes a share nowhere near the limits that it is held against. */
const MANY = 800;

/** Who answered how often. */
async function predictTimes(
  times: number,
  predict: (number: number) => Promise<Reply>,
): Promise<ReadonlyMap<string, number>> {
  const answers = new Map<string, number>();
  for (let number = 0; number < times; number += 1) {
    const reply = await predict(number);
    assert.equal(reply.status, 200, reply.body);
    answers.set(rowOf(reply), (answers.get(rowOf(reply)) ?? 0) + 1);
  }
  return answers;
}

export const scenarios: readonly Scenario[] = [
  {
    name: "traffic/canary",
    shows: "75/25: the canary gets its share, and each model sees what the gateway sent it",
    async run(world) {
      await world.apply(deployment("example", { predictors: [predictor("main")] }));
      await world.untilServed("example");
      assert.equal(rowOf(await world.predict("example")), V1);
      await world.apply(
        deployment("example", {
          predictors: [predictor("main", { traffic: 75 }), predictor("canary", { traffic: 25, pods: version2 })],
        }),
      );
      await world.untilAvailable("example");
      // From when on the gateway splits is Istio's.
      const [earlyMain, earlyCanary] = await untilAnsweredBy(world, "example", V2);
      const answers = await predictTimes(MANY, () => world.predict("example"));
      const [main, canary] = [answers.get(V1) ?? 0, answers.get(V2) ?? 0];
      world.note(`canary/main ${(canary / main).toFixed(3)}`);
      assert.ok(canary / main > 0.1 && canary / main < 0.5, `canary ${canary}, main ${main}`);
      assert.equal(main + canary, MANY);
      await world.untilRequests("seldon-app=example-main", 1 + earlyMain + main);
      await world.untilRequests("seldon-app=example-canary", earlyCanary + canary);
    },
  },
  {
    name: "traffic/mesh-internal",
    shows:
      "callers within the mesh are split by weights at the name of a Service, and reach one predictor at that of its own",
    async run(world) {
      // As Seldon's documentation has it: the routes belong to the Service of the main predictor.
      const host = "canary-example-1";
      const annotations = { "seldon.io/istio-gateway": "mesh", "seldon.io/istio-host": host };
      const main = predictor("main", { traffic: 75, annotations: { "seldon.io/svc-name": host } });
      const canary = predictor("canary", { traffic: 25, pods: version2 });
      await world.apply(deployment("example", { annotations, predictors: [main, canary] }));
      await world.untilAvailable("example");
      const caller = await startMeshCaller(world);
      const [all, one] = [caller.to(host), caller.to("example-canary")];
      const body = '{"data":{"ndarray":[[1.0,2.0,5.0]]}}';
      const ask = (client: typeof all, path: string): Promise<Reply> => client.rest({ path, body });
      const path = `/seldon/${world.namespace}/example/api/v1.0/predictions`;
      try {
        await untilTrue("the caller's proxy knows both", async () =>
          (await Promise.all([ask(all, path), ask(one, "/api/v1.0/predictions")])).every(
            ({ status }) => status === 200,
          ),
        );
        const answers = await predictTimes(MANY, () => ask(all, path));
        assert.deepEqual([...(await predictTimes(100, () => ask(one, "/api/v1.0/predictions")))], [[V2, 100]]);
        const share = (answers.get(V2) ?? 0) / MANY;
        world.note(`canary ${share.toFixed(3)}`);
        assert.deepEqual([...answers.keys()].sort(), [V1, V2]);
        assert.ok(share > 0.12 && share < 0.4, `the canary's share is ${share}`);
        assert.equal((await world.predict("example")).status, 404, "the ingress has a route");
      } finally {
        await Promise.all([all.close(), one.close()]);
      }
    },
  },
  {
    name: "traffic/blue-green",
    shows: "all traffic goes from blue to green and back by weights alone, and no request fails",
    async run(world) {
      const both = (blue: number, green: number) =>
        deployment("shop", {
          predictors: [predictor("blue", { traffic: blue }), predictor("green", { traffic: green, pods: version2 })],
        });
      await world.apply(both(100, 0));
      await world.untilServed("shop");
      const load = world.load("shop");
      await load.more(50);
      assert.equal(load.answersOf(V2), 0, "green got requests at weight 0");
      await world.apply(both(0, 100));
      await load.untilAnswer(V2);
      await world.untilServed("shop");
      await load.untilNoMore(V1);
      await world.apply(both(100, 0));
      await load.untilAnswer(V1);
      await load.untilNoMore(V2);
      await load.stopFlawless([V1, V2]);
    },
  },
  {
    name: "traffic/header",
    shows: "requests with a header are answered by another deployment, by Ambassador's annotations; all others are not",
    async run(world) {
      const headers = { location: "london" };
      await world.apply(deployment("example", { predictors: [predictor("single")] }));
      await world.untilServed("example");
      assert.equal(rowOf(await world.predict("example", { headers })), V1);
      const others = world.load("example", { headers: { location: "paris" } }, { loops: 1 });
      const annotations = {
        "seldon.io/ambassador-header": "location: london",
        "seldon.io/ambassador-service-name": "example",
      };
      const london = { annotations, predictors: [predictor("single", { pods: version2 })] };
      await world.apply(deployment("example-header", london));
      const own = world.load("example", { headers }, { loops: 1 });
      await own.untilAnswer(V2);
      await world.untilServed("example-header");
      await own.untilNoMore(V1);
      await others.more(40);
      await own.stopFlawless([V1, V2]);
      await world.kube.delete("SeldonDeployment", world.namespace, "example-header");
      await untilTrue("the header means nothing any more", async () => {
        return rowOf(await world.predict("example", { headers })) === V1;
      });
      await others.stopFlawless([V1]);
    },
  },
  {
    name: "traffic/ab-test",
    shows: "50/50 between two predictors from the first apply on",
    async run(world) {
      await world.apply(
        deployment("ab", {
          predictors: [predictor("a", { traffic: 50 }), predictor("b", { traffic: 50, pods: version2 })],
        }),
      );
      await world.untilServed("ab");
      const answers = await predictTimes(MANY, () => world.predict("ab"));
      const a = answers.get(V1) ?? 0;
      world.note(`a ${a} of ${MANY}`);
      assert.ok(a > MANY * 0.35 && a < MANY * 0.65, `a got ${a} of ${MANY}`);
      assert.equal(a + (answers.get(V2) ?? 0), MANY);
    },
  },
  {
    name: "traffic/shadow",
    shows: "a shadow sees every request and answers none",
    async run(world) {
      const pods = (version: "1" | "2") => [[model("classifier", { version, env: { LOG_HEADERS: "x-call" } })]];
      await world.apply(deployment("example", { predictors: [predictor("default", { pods: pods("1") })] }));
      await world.untilServed("example");
      assert.equal(rowOf(await world.predict("example")), V1);
      await world.apply(
        deployment("example", {
          predictors: [
            predictor("default", { traffic: 100, pods: pods("1") }),
            predictor("shadow", { shadow: true, traffic: 100, pods: pods("2") }),
          ],
        }),
      );
      await world.untilServed("example");
      // From when on the gateway copies is Istio's; what counts is every request after that.
      await untilTrue("the first copy", async () => {
        await world.predict("example");
        return (await world.countRequests("seldon-app=example-shadow")) > 0;
      });
      const calls = Array.from({ length: 10 }, (_, number) => `call-${number}`);
      const name = (number: number): Promise<Reply> =>
        world.predict("example", { headers: { "x-call": calls[number] ?? "" } });
      assert.deepEqual([...(await predictTimes(calls.length, name))], [[V1, calls.length]]);
      await untilCalls(world, "seldon-app=example-shadow", calls);
      await untilCalls(world, "seldon-app=example-default", calls);
    },
  },
  {
    name: "traffic/host",
    shows: "with istio-host only requests of that host are answered",
    async run(world) {
      const host = `${world.namespace}.example.com`;
      await world.apply(
        deployment("hosted", {
          metadataAnnotations: { "seldon.io/istio-host": host },
          predictors: [predictor("main")],
        }),
      );
      await world.untilServed("hosted", { host });
      assert.equal((await world.predict("hosted")).status, 404);
      const reply = await world.predict("hosted", { headers: { host } });
      assert.equal(reply.status, 200);
      assert.equal(rowOf(reply), V1);
    },
  },
  {
    name: "traffic/own-gateway",
    shows: "istio-gateway hangs the routes on a gateway of the namespace instead of the installation's",
    async run(world) {
      const host = `${world.namespace}.example.com`;
      await world.apply(
        {
          apiVersion: "networking.istio.io/v1",
          kind: "Gateway",
          metadata: { name: "own" },
          spec: {
            selector: { istio: "ingressgateway" },
            servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: [host] }],
          },
        },
        deployment("own", { annotations: { "seldon.io/istio-gateway": "own" }, predictors: [predictor("main")] }),
      );
      await world.untilServed("own", { host });
      const { spec } = await world.need("VirtualService", "own");
      assert.deepEqual(spec?.["gateways"], ["own"]);
      const reply = await world.predict("own", { headers: { host } });
      assert.equal(reply.status, 200, reply.body);
      assert.equal((await world.predict("own")).status, 404, "served on the installation's gateway too");
    },
  },
  {
    name: "traffic/retries",
    shows: "istio-retries repeats predictions that failed, and feedback never",
    async run(world) {
      const noEngine = { "seldon.io/no-engine": "true" };
      const failing = [[model("classifier", { env: { FAIL_FIRST: "2" } })]];
      await world.apply(
        deployment("retried", {
          annotations: { "seldon.io/istio-retries": "3", "seldon.io/istio-retries-timeout": "5" },
          predictors: [predictor("default", { annotations: noEngine, pods: failing })],
        }),
        deployment("fed-back", {
          annotations: { "seldon.io/istio-retries": "3" },
          predictors: [predictor("default", { annotations: noEngine, pods: failing })],
        }),
      );
      await Promise.all(["retried", "fed-back"].map((name) => world.untilServed(name)));
      assert.equal((await world.predict("retried")).status, 200);
      await world.untilRequests("seldon-app=retried-default", 3);
      const feedback = await world.predict("fed-back", { tail: "api/v1.0/feedback", body: '{"reward":1}' });
      assert.equal(feedback.status, 503);
      await world.untilRequests("seldon-app=fed-back-default", 1);
    },
  },
  {
    name: "traffic/per-try-timeout",
    shows: "every attempt has istio-retries-timeout seconds, one where nothing is said",
    async run(world) {
      await world.apply(
        deployment("slow", {
          annotations: { "seldon.io/istio-retries": "1" },
          predictors: [
            predictor("default", {
              annotations: { "seldon.io/no-engine": "true" },
              // Long after the client has given up: whoever answers before is not the model.
              pods: [[model("classifier", { env: { DELAY_MS: "600000" } })]],
            }),
          ],
        }),
      );
      await world.untilServed("slow");
      const routes = JSON.stringify((await world.need("VirtualService", "slow")).spec?.["http"]);
      assert.match(routes, /"perTryTimeout":"1s"/);
      const startMs = performance.now();
      const reply = await world.predict("slow");
      const seconds = (performance.now() - startMs) / 1000;
      assert.ok([408, 504].includes(reply.status), `${reply.status} ${reply.body}`);
      assert.ok(seconds > 0.9, `after ${seconds} s`);
    },
  },
  {
    name: "traffic/iter8",
    shows: "patching spec.predictors[i].traffic moves traffic at once and restarts nothing",
    async run(world) {
      await world.apply(
        deployment("iris", {
          predictors: [predictor("baseline", { traffic: 100 }), predictor("candidate", { traffic: 0, pods: version2 })],
        }),
      );
      await world.untilServed("iris");
      const pods = await world.podUids("iris-baseline");
      const load = world.load("iris");
      await load.more(20);
      const patch = JSON.stringify([
        { op: "replace", path: "/spec/predictors/0/traffic", value: 50 },
        { op: "replace", path: "/spec/predictors/1/traffic", value: 50 },
      ]);
      await world.kubectl("patch", "sdep", "iris", "--type=json", "-p", patch);
      const startMs = performance.now();
      await load.untilAnswer(V2);
      world.note(`${((performance.now() - startMs) / 1000).toFixed(1)} s to the first answer`);
      await load.more(50);
      await load.stopFlawless([V1, V2]);
      assert.deepEqual(await world.podUids("iris-baseline"), pods);
    },
  },
];

/** Predictions until this answer has come; resolves with how many were answered by others, and by this one. */
async function untilAnsweredBy(world: World, name: string, row: string): Promise<readonly [number, number]> {
  const replies: Reply[] = [];
  await untilTrue(
    `${row} answers`,
    async () => {
      const reply = await world.predict(name);
      replies.push(reply);
      return rowOf(reply) === row;
    },
    { everyMs: 10 },
  );
  const failed = replies.filter(({ status }) => status !== 200);
  assert.deepEqual(failed, [], "predictions that failed");
  return [replies.length - 1, 1];
}

/** Waits until each of the calls that are named in `x-call` is in the models' logs, and is there once. */
async function untilCalls(world: World, selector: string, calls: readonly string[]): Promise<void> {
  let seen: readonly string[] = [];
  const found = await until(
    `all calls at ${selector}`,
    async () => {
      const requests = await requestsIn(world, selector);
      seen = requests.flatMap(({ headers }) => headers["x-call"] ?? []);
      return calls.every((call) => seen.includes(call)) ? seen : undefined;
    },
    { describe: () => seen.join(", ") },
  );
  assert.deepEqual([...found].sort(), [...calls].sort());
}
