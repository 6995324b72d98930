import assert from "node:assert/strict";
import { join } from "node:path";
import { seldon } from "#proto/gen/seldon.js";
import { GatewayClient, type GrpcCall, type Reply } from "./gateway-client.ts";
import { isReady, type KubeObject } from "./kube.ts";
import { Load } from "./load.ts";
import { until, untilTrue } from "./until.ts";
import { rowOf, type World } from "./world.ts";

const { SeldonMessage } = seldon.protos;

const CHART = join(import.meta.dirname, "..", "..", "deploy", "helm", "graphway");
/** Pods of the gateways. */
export const GATEWAY_PODS = "app.kubernetes.io/component=gateway";

const GRPC_REQUEST = SeldonMessage.encode({ data: { tensor: { shape: [1, 1], values: [1] } } }).finish();

/** An installation without Istio in the world's own namespace, for the deployments of its controller id. */
export class OwnGateway {
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
      "gateway.resources.cpuRequest=20m",
      "gateway.resources.memoryRequest=64Mi",
      "gateway.agent.cpuRequest=20m",
      ...more,
    ];
    const values = set.flatMap((one) => ["--set", one]);
    await this.#world.helm("install", "own", CHART, ...values, "--wait", "--timeout", "240s");
    const service = await this.#world.need("Service", "graphway-gateway");
    this.client = new GatewayClient(`${String(service.spec?.["clusterIP"])}:80`);
  }

  async uninstall(): Promise<void> {
    await this.client?.close();
    await this.#world.helm("uninstall", "own", "--ignore-not-found", "--wait", "--timeout", "240s");
  }

  predict(name: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    assert.ok(this.client, "the gateway is not installed");
    const path = `/seldon/${this.#world.namespace}/${name}/api/v1.0/predictions`;
    return this.client.rest({ path, headers, body: '{"data":{"ndarray":[[1.0,2.0,5.0]]}}' });
  }

  /** A gRPC call with the metadata that names a deployment. */
  grpc(name: string, call: Omit<GrpcCall, "metadata">): Promise<Reply & { readonly message: Buffer }> {
    assert.ok(this.client, "the gateway is not installed");
    return this.client.grpc({ ...call, metadata: { seldon: name, namespace: this.#world.namespace } });
  }

  /** A gRPC prediction; status 200 and the row as body where it was answered. */
  async predictByGrpc(name: string): Promise<Reply> {
    const { status, headers, body, message } = await this.grpc(name, {
      method: "/seldon.protos.Seldon/Predict",
      message: GRPC_REQUEST,
    });
    if (status !== 0) return { status, headers, body };
    const values = SeldonMessage.decode(message).data?.tensor?.values ?? [];
    return { status: 200, headers, body: JSON.stringify(values) };
  }

  load(name: string, headers: Readonly<Record<string, string>> = {}): Load {
    return new Load(() => this.predict(name, headers), rowOf);
  }

  loadByGrpc(name: string): Load {
    return new Load(
      () => this.predictByGrpc(name),
      (reply) => reply.body,
    );
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
      { describe: () => seen },
    );
  }

  /** Answers, and has been in its Service for a while: Kubernetes takes a pod whose container starts anew out of it and in again. */
  async untilSteady(name: string): Promise<void> {
    await this.untilAnswered(name);
    let rounds = 0;
    await untilTrue(`${name} answers all through the gateway`, async () => {
      const replies = await Promise.allSettled(Array.from({ length: 20 }, () => this.predict(name)));
      const isGood = replies.every((one) => one.status === "fulfilled" && one.value.status === 200);
      rounds = isGood ? rounds + 1 : 0;
      return rounds === 10;
    });
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

/** Runs with an installation that is taken away again; `values` are of the chart, as Helm's `--set` takes them. */
export async function withGateway(
  world: World,
  run: (gateway: OwnGateway) => Promise<void>,
  ...values: readonly string[]
): Promise<void> {
  const gateway = new OwnGateway(world);
  try {
    await gateway.install(...values);
    await run(gateway);
  } finally {
    await gateway.uninstall();
  }
}
