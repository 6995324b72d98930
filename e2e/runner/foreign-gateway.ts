import assert from "node:assert/strict";
import { join } from "node:path";
import { seldon } from "#proto/gen/seldon.js";
import { runProgram } from "../cluster/setup/run-program.ts";
import { BOOTSTRAP } from "./filtered-mesh.ts";
import { holds, installGatewayApi, ROUTE_KINDS, type Condition } from "./gateway-api.ts";
import { GatewayClient, type Reply } from "./gateway-client.ts";
import type { Fields } from "./kube.ts";
import { envoyOfMesh } from "./mesh-envoy.ts";
import { untilTrue } from "./until.ts";
import type { World } from "./world.ts";

const { SeldonMessage } = seldon.protos;

const ROOT = join(import.meta.dirname, "..", "..");
const RELEASE = "plain";
const GROUP = "gateway.networking.k8s.io";
const GATEWAY = "models";
const ENVOY = "ingress";
const ADMIN_PORT = 15000;
/** A listener for each kind of route: its port, and where the Envoy listens for it. */
const LISTENERS = { rest: { port: 80, targetPort: 8080 }, grpc: { port: 81, targetPort: 8081 } } as const;
const GRPC_REQUEST = SeldonMessage.encode({ data: { tensor: { shape: [1, 1], values: [1] } } }).finish();

/**
 * Istio as an implementation of Gateway API that is not ours: a Gateway of its class, served by an Envoy of the world's own. Graphway is
 * installed without any routing; what leads to models is what `graphway render` prints.
 */
export class ForeignGateway {
  readonly #world: World;
  #rest: GatewayClient | undefined;
  #grpc: GatewayClient | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  async install(): Promise<void> {
    const { namespace } = this.#world;
    await installGatewayApi(this.#world, ROUTE_KINDS);
    await this.#world.apply(...ingressOf(namespace));
    const set = [
      `controllerId=${namespace}`,
      "crd.create=false",
      "webhook.failurePolicy=Ignore",
      "manager.cpuRequest=20m",
      "istio.enabled=false",
    ].flatMap((one) => ["--set", one]);
    const chart = join(ROOT, "deploy", "helm", "graphway");
    await this.#world.helm("install", RELEASE, chart, ...set, "--wait", "--timeout", "240s");
    await this.#untilProgrammed();
    const { spec } = await this.#world.need("Service", ENVOY);
    const address = String(spec?.["clusterIP"]);
    this.#rest = new GatewayClient(`${address}:${LISTENERS.rest.port}`);
    this.#grpc = new GatewayClient(`${address}:${LISTENERS.grpc.port}`);
  }

  async uninstall(): Promise<void> {
    await Promise.all([this.#rest?.close(), this.#grpc?.close()]);
    await this.#world.helm("uninstall", RELEASE, "--ignore-not-found", "--wait", "--timeout", "240s");
  }

  /** Renders these objects as a user would, and gives what is printed to kubectl; resolves when the routes are taken up. */
  async route(...objects: readonly Fields[]): Promise<void> {
    const { namespace } = this.#world;
    const items = objects.map((one) => ({ ...one, metadata: { namespace, ...one["metadata"] } as Fields }));
    const words = ["render", "--target", "gateway-api", "--gateway", `${namespace}/${GATEWAY}`];
    const listeners = ["--http-listener", "rest", "--grpc-listener", "grpc"];
    const text = await runProgram(process.execPath, [join(ROOT, "cli", "main.ts"), ...words, ...listeners, "-f", "-"], {
      input: JSON.stringify({ apiVersion: "v1", kind: "List", items }),
      timeoutMs: 120_000,
    });
    await this.#world.kubectlApply(text);
    for (const { kind, metadata } of objects)
      if (kind === "SeldonDeployment") await this.#untilTakenUp((metadata as { readonly name: string }).name);
  }

  predict(name: string, headers: Readonly<Record<string, string>> = {}, query = ""): Promise<Reply> {
    return this.#post(name, `predictions${query}`, '{"data":{"ndarray":[[1.0,2.0,5.0]]}}', headers);
  }

  sendFeedback(name: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    return this.#post(name, "feedback", '{"reward":1}', headers);
  }

  #post(name: string, tail: string, body: string, headers: Readonly<Record<string, string>>): Promise<Reply> {
    assert.ok(this.#rest, "the gateway is not installed");
    return this.#rest.rest({ path: `/seldon/${this.#world.namespace}/${name}/api/v1.0/${tail}`, headers, body });
  }

  /** A gRPC prediction; status 200 and the row as body where it was answered. */
  async predictByGrpc(name: string, more: Readonly<Record<string, string>> = {}): Promise<Reply> {
    assert.ok(this.#grpc, "the gateway is not installed");
    const { status, headers, body, message } = await this.#grpc.grpc({
      method: "/seldon.protos.Seldon/Predict",
      metadata: { seldon: name, namespace: this.#world.namespace, ...more },
      message: GRPC_REQUEST,
    });
    if (status !== 0) return { status, headers, body };
    const values = SeldonMessage.decode(message).data?.tensor?.values ?? [];
    return { status: 200, headers, body: JSON.stringify(values) };
  }

  async #untilProgrammed(): Promise<void> {
    let seen = "";
    await untilTrue(
      "Istio serves the Gateway",
      async () => {
        const { conditions = [], listeners = [] } = await this.#statusOf("gateways", GATEWAY);
        seen = JSON.stringify({ conditions, listeners });
        const all =
          listeners.length === Object.keys(LISTENERS).length && listeners.every((one) => areTrue(one, PROGRAMMED));
        return all && areTrue({ conditions }, PROGRAMMED);
      },
      // An istiod that once saw these definitions go looks for them only now and then.
      { timeoutMs: 240_000, describe: () => seen },
    );
  }

  async #untilTakenUp(name: string): Promise<void> {
    const routes = { httproutes: name, grpcroutes: `${name}.grpc` };
    for (const [plural, route] of Object.entries(routes)) {
      let seen = "";
      await untilTrue(
        `Istio takes up ${plural} ${route}`,
        async () => {
          const { parents = [] } = await this.#statusOf(plural, route);
          seen = JSON.stringify(parents);
          return parents.length === 1 && parents.every((one) => areTrue(one, ["Accepted", "ResolvedRefs"]));
        },
        { timeoutMs: 240_000, describe: () => seen },
      );
    }
  }

  async #statusOf(plural: string, name: string): Promise<RouteStatus> {
    const path = `/apis/${GROUP}/v1/namespaces/${this.#world.namespace}/${plural}/${name}`;
    const { status = {} } = (await this.#world.kube.call("GET", path)) as { readonly status?: RouteStatus };
    return status;
  }
}

const PROGRAMMED = ["Accepted", "Programmed"];

interface Conditioned {
  readonly conditions?: readonly Condition[];
}

/** Of a route or a Gateway. */
interface RouteStatus extends Conditioned {
  readonly parents?: readonly Conditioned[];
  readonly listeners?: readonly Conditioned[];
}

function areTrue({ conditions = [] }: Conditioned, types: readonly string[]): boolean {
  return types.every((type) => holds(conditions, type));
}

/** Runs with such a Gateway, and takes it away again. */
export async function withForeignGateway(world: World, run: (gateway: ForeignGateway) => Promise<void>): Promise<void> {
  const gateway = new ForeignGateway(world);
  try {
    await gateway.install();
    await run(gateway);
  } finally {
    await gateway.uninstall();
  }
}

/** The Envoy, its Service and the Gateway, which names the Service so that Istio makes no Envoy of its own. */
function ingressOf(namespace: string): readonly Fields[] {
  const labels = { app: ENVOY };
  const metadata = `LABELS: { app: ${ENVOY} }`;
  const container = envoyOfMesh({
    role: "router",
    name: ENVOY,
    namespace,
    metadata,
    adminPort: ADMIN_PORT,
    cpu: "20m",
  });
  const listeners = Object.entries(LISTENERS);
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: ENVOY }, data: { "envoy.yaml": BOOTSTRAP } },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: ENVOY },
      spec: { selector: labels, ports: listeners.map(([name, ports]) => ({ name: `http2-${name}`, ...ports })) },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: ENVOY },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 1,
            containers: [container],
            volumes: [{ name: "config", configMap: { name: ENVOY } }],
          },
        },
      },
    },
    {
      apiVersion: `${GROUP}/v1`,
      kind: "Gateway",
      metadata: { name: GATEWAY },
      spec: {
        gatewayClassName: "istio",
        addresses: [{ type: "Hostname", value: `${ENVOY}.${namespace}.svc.cluster.local` }],
        listeners: listeners.map(([name, { port }]) => ({ name, port, protocol: "HTTP" })),
      },
    },
  ];
}
