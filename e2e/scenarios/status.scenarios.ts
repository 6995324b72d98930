import assert from "node:assert/strict";
import type { Fields } from "../runner/kube.ts";
import { deployment, model, predictor } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import type { World } from "../runner/world.ts";
import { pause, untilTrue } from "../runner/until.ts";
import { rowOf } from "../runner/world.ts";

const SELDON_CONDITIONS = [
  "AmbassadorMappingsReady",
  "DeploymentsReady",
  "HpasReady",
  "KedaReady",
  "PdbsReady",
  "Ready",
  "ServicesReady",
  "istioVirtualServicesReady",
];

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** Waits until the message of `Ready` says this of a deployment. */
async function untilSaid(world: World, name: string, words: RegExp): Promise<void> {
  let seen = "";
  await untilTrue(
    `the status of ${name} says ${words}`,
    async () => {
      const { status } = await world.need("SeldonDeployment", name);
      const conditions = (status?.["conditions"] ?? []) as readonly Condition[];
      const ready = conditions.find((one) => one.type === "Ready");
      seen = JSON.stringify(ready);
      return ready?.status === "False" && words.test(ready.message ?? "");
    },
    { timeoutMs: 180_000, describe: () => seen },
  );
}

/** A deployment of one container that needs a ConfigMap which is not there. */
function withoutConfig(name: string): Fields {
  const volumes = [{ name: "settings", configMap: { name: "no-such-config" } }];
  const mounted = { ...model("classifier"), volumeMounts: [{ name: "settings", mountPath: "/settings" }] };
  const one = predictor("default", { pods: [[mounted]] });
  return deployment(name, { predictors: [{ ...one, componentSpecs: [{ spec: { containers: [mounted], volumes } }] }] });
}

/** A deployment of one container. */
function withModel(name: string, shape: Parameters<typeof model>[1]): Fields {
  return deployment(name, { predictors: [predictor("default", { pods: [[model("classifier", shape)]] })] });
}

export const scenarios: readonly Scenario[] = [
  {
    name: "status/available-means-served",
    shows: "when the status says Available the routes are there, and requests are answered by what the spec says",
    async run(world) {
      await world.apply(deployment("true", { predictors: [predictor("default")] }));
      for (const version of ["1", "2"] as const) {
        if (version === "2") {
          const pods = [[model("classifier", { version })]];
          await world.apply(deployment("true", { predictors: [predictor("renamed", { pods })] }));
        }
        const wanted = version === "1" ? "[1,2,3,4]" : "[5,6,7,8]";
        for (let isAvailable = false; !isAvailable;) {
          const { status, metadata } = await world.need("SeldonDeployment", "true");
          isAvailable = status?.["state"] === "Available" && status["observedGeneration"] === metadata.generation;
          if (!isAvailable) await pause(20);
        }
        const target = version === "1" ? "default" : "renamed";
        const routes = JSON.stringify((await world.need("VirtualService", "true")).spec?.["http"]);
        assert.ok(routes.includes(`"true-${target}.`), "Available, and no route leads to the predictor");
        // Istio tells its gateways in its own time, which nobody reports; it is short.
        const startMs = performance.now();
        await untilTrue(`answers are ${wanted}`, async () => rowOf(await world.predict("true")) === wanted, {
          everyMs: 20,
        });
        world.note(`answered ${(performance.now() - startMs).toFixed(0)} ms after Available`);
      }
    },
  },
  {
    name: "status/fields",
    shows: "state, address, deploymentStatus, serviceStatus, replicas and Seldon's eight conditions with their reasons",
    async run(world) {
      await world.apply(deployment("shown", { predictors: [predictor("default")] }));
      const { status } = await world.untilAvailable("shown");
      assert.ok(status);
      const { namespace } = world;
      assert.deepEqual(
        (status["address"] as Fields)["url"],
        `http://shown-default.${namespace}.svc.cluster.local:8000/api/v1.0/predictions`,
      );
      assert.deepEqual(status["deploymentStatus"], {
        "shown-default-0-classifier": { availableReplicas: 1, replicas: 1 },
      });
      assert.equal(status["replicas"], 1);
      const services = status["serviceStatus"] as Record<string, Fields>;
      assert.deepEqual(Object.keys(services).sort(), ["shown-default", "shown-default-classifier"]);
      assert.equal(services["shown-default"]?.["httpEndpoint"], `shown-default.${namespace}:8000`);
      const conditions = status["conditions"] as readonly Condition[];
      for (const type of SELDON_CONDITIONS) {
        assert.equal(conditions.find((one) => one.type === type)?.status, "True", type);
      }
      assert.equal(
        conditions.find((one) => one.type === "istioVirtualServicesReady")?.reason,
        "All VirtualServices created",
      );
      assert.equal(conditions.find((one) => one.type === "HpasReady")?.reason, "No HPAs defined");
    },
  },
  {
    name: "status/failed",
    shows: "a deployment that can't be run is Failed and says why; its neighbours are served",
    async run(world) {
      const volumeMounts = [{ name: "no-such-volume", mountPath: "/x" }];
      const broken = [[{ ...model("classifier"), volumeMounts }]];
      await world.apply(
        deployment("broken", { predictors: [predictor("default", { pods: broken })] }),
        deployment("sound", { predictors: [predictor("default")] }),
      );
      const { status } = await world.untilState("broken", "Failed");
      assert.match(String(status?.["description"]), /no-such-volume/);
      await untilTrue("an event says so", async () => {
        const events = await world.kubectl(
          "get",
          "events",
          "--field-selector=involvedObject.name=broken",
          "-o",
          "jsonpath={.items[*].reason}",
        );
        return events.split(" ").includes("InternalError");
      });
      await world.untilServed("sound");
      assert.equal((await world.predict("sound")).status, 200);
      await world.apply(deployment("broken", { predictors: [predictor("default")] }));
      await world.untilServed("broken");
      assert.equal((await world.predict("broken")).status, 200);
    },
  },
  {
    name: "status/why-not",
    timeoutMs: 900_000,
    shows: "of a deployment whose pods do not start the status says why; once that is put right it is served",
    async run(world) {
      // Nobody listens there, so that no registry is asked.
      const image = "127.0.0.1:1/model:missing";
      await world.apply(
        withModel("no-image", { image }),
        withModel("crashes", { env: { ANSWER: '"no row"' } }),
        withModel("no-room", { resources: { requests: { cpu: "4000" } } }),
        withoutConfig("no-config"),
      );
      await untilSaid(world, "no-image", /container classifier: ImagePullBackOff: .*127\.0\.0\.1:1\/model:missing/);
      await untilSaid(world, "crashes", /container classifier: CrashLoopBackOff, exit code 1.*kubectl logs crashes-/);
      await untilSaid(world, "no-room", /Unschedulable: .*Insufficient cpu/);
      await untilSaid(world, "no-config", /FailedMount: .*no-such-config/);
      assert.equal((await world.need("SeldonDeployment", "no-image")).status?.["state"], "Creating");
      await world.apply(withModel("no-image", {}));
      await world.untilServed("no-image");
      assert.equal((await world.predict("no-image")).status, 200);
    },
  },
  {
    name: "status/built-in-graph",
    shows: "a graph of built-in nodes alone, which has no container, is served too",
    async run(world) {
      const graph = { name: "simple", implementation: "SIMPLE_MODEL" };
      await world.apply(deployment("built-in", { predictors: [predictor("default", { pods: [], graph })] }));
      await world.untilServed("built-in");
      const reply = await world.predict("built-in");
      assert.equal(reply.status, 200, reply.body);
    },
  },
];
