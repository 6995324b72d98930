import assert from "node:assert/strict";
import { join } from "node:path";
import { GatewayClient, type Reply } from "../runner/gateway-client.ts";
import type { KubeObject } from "../runner/kube.ts";
import { Load } from "../runner/load.ts";
import { deployment, model, predictor } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import { until, untilTrue } from "../runner/until.ts";
import { rowOf, type World } from "../runner/world.ts";

const CHART = join(import.meta.dirname, "..", "..", "deploy", "helm", "graphway");
const V1 = "[1,2,3,4]";
const V2 = "[5,6,7,8]";
const version2 = [[model("classifier", { version: "2" })]];
const GATEWAY_PODS = "app.kubernetes.io/component=gateway";

/** An installation without Istio in the world's own namespace, for the deployments of its controller id. */
class OwnGateway {
  readonly #world: World;
  client: GatewayClient | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  async install(...more: readonly string[]): Promise<void> {
    const set = [
      `controllerId=${this.#world.namespace}`,
      "crd.create=false",
      "webhook.failurePolicy=Ignore",
      "manager.cpuRequest=20m",
      "gateway.enabled=true",
      `gateway.className=${this.#world.namespace}`,
      // As the cluster of these scenarios calls its Envoy.
      "gateway.image.tag=1",
      "gateway.replicas=1",
      "gateway.drainSeconds=5",
      "gateway.resources.cpuRequest=20m",
      "gateway.resources.memoryRequest=64Mi",
      "gateway.agent.cpuRequest=20m",
      ...more,
    ];
    const values = set.flatMap((one) => ["--set", one]);
    await this.#world.helm("install", "own", CHART, ...values, "--wait", "--timeout", "150s");
    const service = await this.#world.need("Service", "graphway-gateway");
    this.client = new GatewayClient(`${String(service.spec?.["clusterIP"])}:80`);
  }

  async uninstall(): Promise<void> {
    await this.client?.close();
    await this.#world.helm("uninstall", "own", "--ignore-not-found", "--wait", "--timeout", "120s");
  }

  predict(name: string): Promise<Reply> {
    assert.ok(this.client, "the gateway is not installed");
    const path = `/seldon/${this.#world.namespace}/${name}/api/v1.0/predictions`;
    return this.client.rest({ path, body: '{"data":{"ndarray":[[1.0,2.0,5.0]]}}' });
  }

  load(name: string): Load {
    return new Load(() => this.predict(name), rowOf);
  }

  async untilAnswered(name: string): Promise<void> {
    let seen = "";
    await untilTrue(
      `${name} answers through the gateway`,
      async () => {
        const reply = await this.predict(name);
        seen = `${reply.status} ${reply.body.slice(0, 200)}`;
        return reply.status === 200;
      },
      { timeoutMs: 60_000, describe: () => seen },
    );
  }

  async scale(deploymentName: string, replicas: number): Promise<void> {
    const { kube, namespace } = this.#world;
    await kube.patch("Deployment", namespace, deploymentName, { spec: { replicas } });
    await untilTrue(`${deploymentName} has ${replicas} pods`, async () => {
      const { status } = await this.#world.need("Deployment", deploymentName);
      return (status?.["readyReplicas"] ?? 0) === replicas && (status?.["replicas"] ?? 0) === replicas;
    });
  }

  /** Ends one container of the gateway's pod, which takes two signals in the agent's case; Kubernetes starts it anew in the same pod. */
  async restart(container: "envoy" | "agent"): Promise<void> {
    const before = await this.#restarts(container);
    const pod = await this.#pod();
    await this.#world.kubectl(
      "exec",
      pod.metadata.name,
      "-c",
      container,
      "--",
      "sh",
      "-c",
      "(sleep 1; kill 1; sleep 1; kill 1) >/dev/null 2>&1 &",
    );
    await untilTrue(
      `${container} runs anew`,
      async () => (await this.#restarts(container)) > before && isReady(await this.#pod()),
      { timeoutMs: 60_000 },
    );
  }

  async #pod(): Promise<KubeObject> {
    return until("the gateway's pod", async () => (await this.#world.podsOf(GATEWAY_PODS))[0]);
  }

  async #restarts(container: string): Promise<number> {
    const { status } = await this.#pod();
    const states = (status?.["containerStatuses"] ?? []) as readonly { name: string; restartCount: number }[];
    return states.find((one) => one.name === container)?.restartCount ?? 0;
  }
}

function isReady({ status }: KubeObject): boolean {
  const conditions = (status?.["conditions"] ?? []) as readonly { type: string; status: string }[];
  return conditions.some((one) => one.type === "Ready" && one.status === "True");
}

/** A deployment that the installation of the world takes. */
function owned(world: World, predictors: Parameters<typeof deployment>[1]["predictors"]) {
  return deployment("canary", { labels: { "seldon.io/controller-id": world.namespace }, predictors });
}

function split(world: World, main: number, canary: number, replicas = 1) {
  return owned(world, [
    predictor("main", { traffic: main, replicas }),
    predictor("canary", { traffic: canary, pods: version2 }),
  ]);
}

async function withGateway(world: World, run: (gateway: OwnGateway) => Promise<void>): Promise<void> {
  const gateway = new OwnGateway(world);
  try {
    await gateway.install();
    await run(gateway);
  } finally {
    await gateway.uninstall();
  }
}

export const scenarios: readonly Scenario[] = [
  {
    name: "gateway/moves",
    shows: "without Istio: a canary comes, weights and replicas move, predictors leave, and no request fails",
    timeoutMs: 300_000,
    run: (world) =>
      withGateway(world, async (gateway) => {
        await world.apply(owned(world, [predictor("main")]));
        await world.untilAvailable("canary");
        await gateway.untilAnswered("canary");
        const load = gateway.load("canary");
        await world.apply(split(world, 75, 25));
        await load.untilAnswer(V2);
        await world.apply(split(world, 25, 75, 2));
        await world.untilAvailable("canary");
        await load.more(200);
        await world.apply(split(world, 0, 100));
        await world.untilAvailable("canary");
        await world.apply(owned(world, [predictor("canary", { pods: version2 })]));
        await world.untilGone("Deployment", "canary-main-0-classifier");
        await load.more(100);
        const { calls } = await load.stopFlawless([V1, V2]);
        world.note(`${calls} requests`);
      }),
  },
  {
    name: "gateway/control-plane-away",
    shows:
      "without a control plane gateways serve on, an Envoy and its agent that start anew too, and then hear of what changed",
    timeoutMs: 300_000,
    run: (world) =>
      withGateway(world, async (gateway) => {
        await world.apply(split(world, 50, 50));
        await world.untilAvailable("canary");
        await gateway.untilAnswered("canary");
        const away = gateway.load("canary");
        await gateway.scale("graphway-control-plane", 0);
        await away.more(200);
        const before = await away.stopFlawless([V1, V2]);
        for (const container of ["agent", "envoy"] as const) {
          await gateway.restart(container);
          await gateway.untilAnswered("canary");
        }
        const after = gateway.load("canary");
        await after.more(200);
        await gateway.scale("graphway-control-plane", 1);
        await world.apply(split(world, 0, 100));
        await world.untilAvailable("canary");
        await untilTrue("the new weights hold", async () => {
          const rows = await Promise.all(Array.from({ length: 20 }, () => gateway.predict("canary")));
          return rows.every((one) => rowOf(one) === V2);
        });
        const { calls } = await after.stopFlawless([V1, V2]);
        world.note(`${before.calls + calls} requests`);
      }),
  },
  {
    name: "gateway/rolling",
    shows: "the gateways' own pods are replaced, and no request fails",
    timeoutMs: 300_000,
    run: (world) =>
      withGateway(world, async (gateway) => {
        await world.apply(owned(world, [predictor("main")]));
        await world.untilAvailable("canary");
        await gateway.untilAnswered("canary");
        const load = gateway.load("canary");
        await world.kubectl("rollout", "restart", "deployment/graphway-gateway");
        await world.kubectl("rollout", "status", "deployment/graphway-gateway", "--timeout=120s");
        await untilTrue("one pod is left", async () => (await world.list("Pod", GATEWAY_PODS)).length === 1);
        await load.more(100);
        const { calls } = await load.stopFlawless([V1]);
        world.note(`${calls} requests`);
      }),
  },
];
