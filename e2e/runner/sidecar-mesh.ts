import assert from "node:assert/strict";
import { join } from "node:path";
import type { RouteTable } from "#proto/route-table/model.ts";
import { dumpNamespace } from "./dump.ts";
import { tokenOf } from "./filtered-mesh.ts";
import { GatewayClient, type Reply } from "./gateway-client.ts";
import type { Fields } from "./kube.ts";
import { deployment, type DeploymentShape } from "./manifest.ts";
import { inMesh, installIstio, sourceFor, uninstallIstio } from "./own-istio.ts";
import { askForFilter, tableInDump, type Asked, type Told } from "./proxy-tables.ts";
import { CALLER, callerPod, INGRESS, ingressObjects } from "./sidecar-pods.ts";
import { until, untilTrue } from "./until.ts";
import { World } from "./world.ts";

const CHART = join(import.meta.dirname, "..", "..", "deploy", "helm", "graphway");
const RELEASE = "graphway";
const XDS_PORT = 18_000;
/** Ports of the calling pod, by what its application connects to for those who connect there. */
const TO = { rest: 7000, grpc: 7001, xds: 7002, admin: 7003 } as const;
/** Of predictors' Services. */
const PORTS = { rest: 8000, grpc: 5001 } as const;
/** A deployment that every scenario has. */
export const FRONT = "front";
const BODY = '{"data":{"ndarray":[[1.0,2.0,5.0]]}}';

/** What namespaces of a scenario's mesh are for. */
type Part = "models" | "apps" | "others";

export interface SidecarMeshOptions {
  /** `istio.mesh` of our chart. */
  readonly values: Fields;
  /** Nothing in plain text, in the whole mesh. */
  readonly isStrict: boolean;
}

/**
 * A mesh of a scenario's own, in which every pod has a sidecar that istiod injected: its istiod, a control plane and an ingress in the
 * world's namespace, and namespaces beside it for models, for applications that call them, and for models that these must not call.
 */
export class SidecarMesh {
  readonly world: World;
  readonly models: World;
  readonly apps: World;
  readonly others: World;
  readonly #clients: GatewayClient[] = [];
  #adminClient: GatewayClient | undefined;
  #caller = "";
  #ingress = "";

  constructor(world: World) {
    this.world = world;
    const beside = (part: Part): World => new World(world.target, world.kube, `${world.namespace}-${part}`);
    this.models = beside("models");
    this.apps = beside("apps");
    this.others = beside("others");
  }

  get #beside(): readonly World[] {
    return [this.models, this.apps, this.others];
  }

  #hostOf(name: string): string {
    return `${name}.${this.models.namespace}.svc.cluster.local`;
  }

  get #xdsHost(): string {
    return `graphway-xds.${this.world.namespace}.svc.cluster.local`;
  }

  async install({ values, isStrict }: SidecarMeshOptions): Promise<void> {
    const { world } = this;
    for (const { namespace } of this.#beside) {
      const metadata = { name: namespace, labels: inMesh(world) };
      await world.kube.apply({ apiVersion: "v1", kind: "Namespace", metadata }, "");
    }
    await installIstio(
      world,
      this.#beside.map(({ namespace }) => namespace),
    );
    if (isStrict) await world.apply(STRICT);
    await this.apps.apply(sidecarFor([this.models, world]));
    // It is ready before every node of the cluster knows the way to it.
    await untilTrue("istiod injects sidecars", async () => {
      await this.apps.apply(this.#callerPod());
      return true;
    });
    await world.apply(...ingressObjects(world));
    await this.#installGraphway(values);
    await this.#findClients();
  }

  #callerPod(): Fields {
    return callerPod({
      // Whichever Service it is: its sidecar goes by what the application says in Host.
      [TO.rest]: `${this.#hostOf(FRONT)}:${PORTS.rest}`,
      [TO.grpc]: `${this.#hostOf(FRONT)}:${PORTS.grpc}`,
      [TO.xds]: `${this.#xdsHost}:${XDS_PORT}`,
      [TO.admin]: "127.0.0.1:15000",
    });
  }

  async #installGraphway(mesh: Fields): Promise<void> {
    const { namespace } = this.world;
    const values = {
      controllerId: namespace,
      crd: { create: false },
      webhook: { failurePolicy: "Ignore" },
      manager: { cpuRequest: "20m", cpuLimit: "2" },
      istio: {
        enabled: true,
        gateway: `${namespace}/${INGRESS}`,
        filter: { enabled: true, namespace, sidecars: true },
        mesh: { gatewayNamespaces: [namespace], rootNamespace: namespace, ...mesh },
      },
    };
    const words = Object.entries(values).flatMap(([name, value]) => ["--set-json", `${name}=${JSON.stringify(value)}`]);
    await this.world.helm("install", RELEASE, CHART, ...words, "--wait", "--timeout", "240s");
  }

  async #findClients(): Promise<void> {
    const pod = await until("the calling pod is ready", async () => {
      const { status = {} } = await this.apps.need("Pod", CALLER);
      const conditions = (status["conditions"] ?? []) as readonly { type: string; status: string }[];
      return conditions.some((one) => one.type === "Ready" && one.status === "True") ? status : undefined;
    });
    this.#caller = String(pod["podIP"]);
    const service = await this.world.need("Service", INGRESS);
    this.#ingress = `${String(service.spec?.["clusterIP"])}:80`;
  }

  /** Everyone who calls through the address given; closed with the mesh. */
  #clientOf(address: string, host?: string): GatewayClient {
    const client = new GatewayClient(address, host);
    this.#clients.push(client);
    return client;
  }

  /** The application in the calling pod, which calls a deployment by the Service of its name: by REST, or by gRPC. */
  application(name: string, transport: "rest" | "grpc" = "rest"): GatewayClient {
    return this.#clientOf(`${this.#caller}:${TO[transport]}`, `${this.#hostOf(name)}:${PORTS[transport]}`);
  }

  /** Somebody outside of the mesh, who calls it through the ingress. */
  outside(name: string): GatewayClient {
    return this.#clientOf(this.#ingress, this.#hostOf(name));
  }

  /** Somebody outside of the mesh, who calls a pod of a predictor past every proxy but the pod's own; `host`: what they say in Host. */
  async direct(service: string, port: number, host?: string): Promise<GatewayClient> {
    const [pod] = await this.models.podsOf(`seldon-app=${service}`);
    assert.ok(pod, `no pod of ${service}`);
    return this.#clientOf(`${String(pod.status?.["podIP"])}:${port}`, host);
  }

  /** A SeldonDeployment that this mesh's control plane takes; its host is the Service of the name. */
  deployment(name: string, shape: DeploymentShape & { readonly gateways: string }): Fields {
    const { gateways, ...rest } = shape;
    const annotations = { "seldon.io/istio-gateway": gateways, "seldon.io/istio-host": name };
    return deployment(name, { labels: { "seldon.io/controller-id": this.world.namespace }, annotations, ...rest });
  }

  /** A prediction of one of the models, by whom. */
  predict(by: GatewayClient, headers: Readonly<Record<string, string>> = {}, name = FRONT): Promise<Reply> {
    return by.rest({ path: this.path(name), headers, body: BODY });
  }

  path(name: string): string {
    return `/seldon/${this.models.namespace}/${name}/api/v1.0/predictions`;
  }

  /** Waits until the filter decides in the calling sidecar and in the ingress. */
  async untilFiltered(): Promise<void> {
    const callers = { "the calling sidecar": this.application(FRONT), "the ingress": this.outside(FRONT) };
    for (const [place, by] of Object.entries(callers)) {
      let seen = "";
      await untilTrue(
        `the filter decides in ${place}`,
        async () => {
          const reply = await this.predict(by);
          seen = `${reply.status} ${JSON.stringify(reply.headers)} ${reply.body.slice(0, 200)}`;
          return reply.status === 200 && tokenOf(reply) !== undefined;
        },
        { everyMs: 100, describe: () => seen },
      );
    }
  }

  get #admin(): GatewayClient {
    this.#adminClient ??= this.#clientOf(`${this.#caller}:${TO.admin}`);
    return this.#adminClient;
  }

  /** The table in the calling pod's sidecar, as that says. */
  async table(): Promise<RouteTable> {
    const dump = await this.#admin.rest({ method: "GET", path: "/config_dump?resource=ecds_filters" });
    const table = tableInDump(dump.body, "graphway.outbound");
    assert.ok(table, `no table in ${dump.body.slice(0, 300)}`);
    return table;
  }

  /** Asks for the filter of callers, from within the calling pod through its sidecar, as the proxy of a pod in this namespace. */
  askAs({ namespace }: World, headers: Asked["headers"] = {}): Promise<Told> {
    const address = `${this.#caller}:${TO.xds}`;
    const authority = `${this.#xdsHost}:${XDS_PORT}`;
    return askForFilter({ address, authority, id: idOf(namespace), filter: "graphway.outbound", headers });
  }

  /** The same from outside of the mesh, in plain text. */
  async askInPlainText({ namespace }: World, headers: Asked["headers"] = {}): Promise<Told> {
    const service = await this.world.need("Service", "graphway-xds");
    const address = `${String(service.spec?.["clusterIP"])}:${XDS_PORT}`;
    const authority = `${this.#xdsHost}:${XDS_PORT}`;
    return askForFilter({ address, authority, id: idOf(namespace), filter: "graphway.outbound", headers });
  }

  async dump(): Promise<string> {
    const parts = await Promise.all(this.#beside.map(dumpNamespace));
    return parts.join("\n");
  }

  async uninstall(): Promise<void> {
    const { world } = this;
    await Promise.all(this.#clients.map((client) => client.close()));
    await world.helm("uninstall", RELEASE, "--ignore-not-found", "--wait", "--timeout", "240s");
    for (const one of this.#beside) {
      await one.close();
      await world.kube.delete("Namespace", "", one.namespace);
    }
    await uninstallIstio(world);
  }
}

function idOf(namespace: string): string {
  return `sidecar~10.0.0.1~pod.${namespace}~${namespace}.svc.cluster.local`;
}

const STRICT: Fields = {
  apiVersion: "security.istio.io/v1",
  kind: "PeerAuthentication",
  metadata: { name: "default" },
  spec: { mtls: { mode: "STRICT" } },
};

/** Name of the Sidecar of the applications. */
export const SIDECAR = "default";

/** What pods of a namespace may call: Services of these. */
function sidecarFor(worlds: readonly World[]): Fields {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "Sidecar",
    metadata: { name: SIDECAR },
    spec: { egress: [{ hosts: worlds.map(({ namespace }) => `${namespace}/*`) }] },
  };
}

/** Runs with such a mesh, and takes it away again. */
export async function withSidecarMesh(
  world: World,
  options: SidecarMeshOptions,
  run: (mesh: SidecarMesh) => Promise<void>,
): Promise<void> {
  sourceFor(world);
  const mesh = new SidecarMesh(world);
  try {
    await mesh.install(options);
    await run(mesh);
  } catch (error) {
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Error(`${said}\n${await mesh.dump()}`, { cause: error });
  } finally {
    await mesh.uninstall();
  }
}
