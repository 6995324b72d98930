import assert from "node:assert/strict";
import { join } from "node:path";
import { GatewayClient, type Reply, type RestCall } from "./gateway-client.ts";
import type { Fields, KubeObject } from "./kube.ts";
import { envoyOfMesh } from "./mesh-envoy.ts";
import { Load } from "./load.ts";
import { deployment, type DeploymentShape } from "./manifest.ts";
import { sendRaw } from "./raw-http.ts";
import { untilTrue } from "./until.ts";
import { rowOf, type World } from "./world.ts";

const CHART = join(import.meta.dirname, "..", "..", "deploy", "helm", "graphway");
const RELEASE = "filter";
const ENVOY = "ingress";
const ENVOY_PORT = 8080;
const ADMIN_PORT = 15000;
const CONTROL_PLANE_PODS = "app.kubernetes.io/component=control-plane";
/** Of the one deployment that a scenario's clients call. */
export const NAME = "canary";

/** How a plain Envoy becomes a proxy of the mesh: but for what it is, which the pod's arguments add. */
export const BOOTSTRAP = `
admin: { address: { socket_address: { address: 0.0.0.0, port_value: ${ADMIN_PORT} } } }
dynamic_resources:
  ads_config:
    api_type: DELTA_GRPC
    transport_api_version: V3
    grpc_services: [{ envoy_grpc: { cluster_name: xds-grpc, retry_policy: { retry_back_off: { base_interval: 0.5s, max_interval: 2s } } } }]
  cds_config: { ads: {}, initial_fetch_timeout: 0s, resource_api_version: V3 }
  lds_config: { ads: {}, initial_fetch_timeout: 0s, resource_api_version: V3 }
static_resources:
  clusters:
    - name: xds-grpc
      type: STRICT_DNS
      dns_refresh_rate: 1s
      connect_timeout: 1s
      typed_extension_protocol_options:
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
          "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
          explicit_http_config: { http2_protocol_options: {} }
      # As Istio's agent has it, but sooner: a connection whose packets are lost is given up.
      upstream_connection_options: { tcp_keepalive: { keepalive_time: 10, keepalive_interval: 5, keepalive_probes: 2 } }
      load_assignment:
        cluster_name: xds-grpc
        endpoints:
          - lb_endpoints:
              - endpoint:
                  address: { socket_address: { address: istiod.istio-system.svc.cluster.local, port_value: 15010 } }
`;

/**
 * The mesh's istiod with an ingress Envoy, EnvoyFilters and a control plane in the world's own namespace. Other
 * scenarios' proxies and deployments see nothing of them.
 */
export class FilteredMesh {
  readonly #world: World;
  #client: GatewayClient | undefined;
  #admin: GatewayClient | undefined;
  readonly #loads: Load[] = [];
  readonly #clients: GatewayClient[] = [];
  #host = "";

  constructor(world: World) {
    this.#world = world;
  }

  /** The ingress and, unless `controlPlanes` is 0, a control plane that is ready. */
  async install({ controlPlanes = 1 } = {}): Promise<void> {
    await this.#world.apply(...ingressOf(this.#world.namespace));
    await this.#helm("install", controlPlanes);
    const service = await this.#world.need("Service", ENVOY);
    this.#host = String(service.spec?.["clusterIP"]);
    this.#client = new GatewayClient(`${this.#host}:80`);
    this.#admin = new GatewayClient(`${this.#host}:${ADMIN_PORT}`);
  }

  async uninstall(): Promise<void> {
    await Promise.all(this.#loads.map((load) => load.stop()));
    await Promise.all([this.#client, this.#admin, ...this.#clients].map(async (client) => client?.close()));
    await this.#world.helm("uninstall", RELEASE, "--ignore-not-found", "--wait", "--timeout", "240s");
  }

  async #helm(command: "install", controlPlanes: number): Promise<void> {
    const { namespace } = this.#world;
    const set = [
      `controllerId=${namespace}`,
      "crd.create=false",
      "webhook.failurePolicy=Ignore",
      `manager.replicas=${controlPlanes}`,
      "manager.cpuRequest=20m",
      "manager.cpuLimit=2",
      "istio.enabled=true",
      `istio.gateway=${namespace}/${ENVOY}`,
      "istio.filter.enabled=true",
      `istio.filter.namespace=${namespace}`,
      `istio.filter.gateways.istio=${namespace}`,
      `manager.extraArgs[0]=--mesh-gateway-namespaces=${namespace}`,
    ];
    const values = set.flatMap((one) => ["--set", one]);
    await this.#world.helm(command, RELEASE, CHART, ...values, "--wait", "--timeout", "240s");
  }

  /** A SeldonDeployment `canary` that this control plane takes. */
  deployment(shape: DeploymentShape): Fields {
    return deployment(NAME, { labels: { "seldon.io/controller-id": this.#world.namespace }, ...shape });
  }

  /** A RoutePolicy for it. */
  policy(spec: Fields): Fields {
    const targetRef = { group: "machinelearning.seldon.io", kind: "SeldonDeployment", name: NAME };
    return {
      apiVersion: "graphway.dev/v1alpha1",
      kind: "RoutePolicy",
      metadata: { name: NAME },
      spec: { targetRef, ...spec },
    };
  }

  async apply(shape: DeploymentShape): Promise<void> {
    await this.#world.apply(this.deployment(shape));
    await this.#world.untilAvailable(NAME);
  }

  call(call: RestCall): Promise<Reply> {
    assert.ok(this.#client, "the ingress is not installed");
    return this.#client.rest(call);
  }

  predict(headers: Readonly<Record<string, string>> = {}, tail = "api/v1.0/predictions"): Promise<Reply> {
    const path = `/seldon/${this.#world.namespace}/${NAME}/${tail}`;
    return this.call({ path, headers, body: '{"data":{"ndarray":[[1.0,2.0,5.0]]}}' });
  }

  /** Somebody outside the cluster who says this in Host. Closed with the mesh. */
  clientOf(host: string): GatewayClient {
    const client = new GatewayClient(`${this.#host}:80`, host);
    this.#clients.push(client);
    return client;
  }

  /** Sends these bytes on a connection of their own; resolves with the whole answer. */
  raw(request: Buffer): Promise<string> {
    return sendRaw(this.#host, 80, request);
  }

  /** Predictions until it is stopped, at the latest with the mesh. */
  load(readAnswer: (reply: Reply) => string = rowOf, ask: () => Promise<Reply> = () => this.predict()): Load {
    const load = new Load(ask, readAnswer, { pauseMs: 5 });
    this.#loads.push(load);
    return load;
  }

  async untilAnswered(what: string, isSo: (reply: Reply) => boolean): Promise<void> {
    let seen = "";
    await untilTrue(
      what,
      async () => {
        const reply = await this.predict();
        seen = `${reply.status} ${JSON.stringify(reply.headers)} ${reply.body.slice(0, 200)}`;
        return isSo(reply);
      },
      { everyMs: 50, describe: () => seen },
    );
  }

  /** The filter decides: an answer says so. */
  async untilFiltered(): Promise<void> {
    await this.untilAnswered("the filter decides", (reply) => reply.status === 200 && tokenOf(reply) !== undefined);
  }

  /** Istio's weighted routes serve alone. */
  async untilFallback(): Promise<void> {
    await this.untilAnswered("the fallback serves", (reply) => reply.status === 200 && tokenOf(reply) === undefined);
  }

  /** Waits until this table, which is newer than the one of `before`, decides. */
  async untilNewTable(before: string): Promise<void> {
    await this.untilAnswered("a new table decides", (reply) => ![before, undefined].includes(tableOf(reply)));
  }

  /** Version of the table that decides now. */
  async table(): Promise<string> {
    const reply = await this.predict();
    const table = tableOf(reply);
    assert.ok(table !== undefined, `the filter did not decide: ${reply.status} ${JSON.stringify(reply.headers)}`);
    return table;
  }

  controlPlanes(): Promise<readonly KubeObject[]> {
    return this.#world.podsOf(CONTROL_PLANE_PODS);
  }

  async scaleControlPlane(replicas: number): Promise<void> {
    const { kube, namespace } = this.#world;
    const [found] = await this.#world.list("Deployment", CONTROL_PLANE_PODS);
    assert.ok(found, "there is no control plane");
    await kube.patch("Deployment", namespace, found.metadata.name, { spec: { replicas } });
    await untilTrue(`${replicas} control planes run`, async () => {
      const { status } = await this.#world.need("Deployment", found.metadata.name);
      return (status?.["readyReplicas"] ?? 0) === replicas && (status?.["replicas"] ?? 0) === replicas;
    });
  }

  /** Another Envoy in the place of the ingress, which has nothing yet. */
  async restartIngress(): Promise<void> {
    const { kube, namespace } = this.#world;
    const before = await this.#world.podsOf(`app=${ENVOY}`);
    for (const { metadata } of before) await kube.delete("Pod", namespace, metadata.name, 0);
    const uids = new Set(before.map(({ metadata }) => metadata.uid));
    await untilTrue("another Envoy is there", async () => {
      const pods = await this.#world.podsOf(`app=${ENVOY}`);
      return pods.length > 0 && pods.every(({ metadata }) => !uids.has(metadata.uid));
    });
  }

  /** A number of Envoy's own, by the name of `/stats`. */
  async stat(name: string): Promise<number> {
    assert.ok(this.#admin, "the ingress is not installed");
    const reply = await this.#admin.rest({ method: "GET", path: `/stats?filter=^${name}$` });
    return Number(reply.body.split(": ")[1] ?? NaN);
  }

  /** Everything that Envoy has been told, as text. */
  async configDump(): Promise<string> {
    assert.ok(this.#admin, "the ingress is not installed");
    return (await this.#admin.rest({ method: "GET", path: "/config_dump" })).body;
  }

  /** What the REST models of this predictor have logged of requests. */
  requestsOf(predictor: string): Promise<readonly SeenRequest[]> {
    return requestsIn(this.#world, `seldon-app=${NAME}-${predictor}`);
  }
}

/** What the REST models of these pods have logged of requests: paths and the headers that they were told to log. */
export async function requestsIn(world: World, labelSelector: string): Promise<readonly SeenRequest[]> {
  const seen: SeenRequest[] = [];
  for (const pod of await world.list("Pod", labelSelector)) {
    const path = `/api/v1/namespaces/${world.namespace}/pods/${pod.metadata.name}/log?container=classifier`;
    const { text } = (await world.kube.call("GET", path)) as { text?: string };
    seen.push(...(text ?? "").split("\n").flatMap(readRequest));
  }
  return seen;
}

/** A request as a model has logged it. */
export interface SeenRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

function readRequest(line: string): readonly SeenRequest[] {
  const [, path, headers] = /^request \d+ [A-Z]+ (\S+) (\{.*\})/.exec(line) ?? [];
  if (path === undefined || headers === undefined) return [];
  return [{ path, headers: JSON.parse(headers) as Readonly<Record<string, string>> }];
}

/** An answer's row with who decided: `filter` or `fallback`. */
export function byWhom(reply: Reply): string {
  return `${rowOf(reply)} by ${tokenOf(reply) === undefined ? "fallback" : "filter"}`;
}

/** The filter's token of table, reason and bucket; undefined where it did not decide. */
export function tokenOf({ headers }: Reply): string | undefined {
  const token = headers["x-graphway-route"];
  return token === "" ? undefined : token;
}

export function tableOf(reply: Reply): string | undefined {
  return tokenOf(reply)?.split(".")[0];
}

/** The predictor that the filter chose; empty where it chose none. */
export function predictorOf({ headers }: Reply): string {
  return headers["x-graphway-predictor"] ?? "";
}

/** Runs with such a mesh, and takes it away again. */
export async function withFilteredMesh(
  world: World,
  run: (mesh: FilteredMesh) => Promise<void>,
  options: { readonly controlPlanes?: number } = {},
): Promise<void> {
  const mesh = new FilteredMesh(world);
  try {
    await mesh.install(options);
    await run(mesh);
  } finally {
    await mesh.uninstall();
  }
}

/** The ingress Envoy, its Service and the Gateway that it serves. */
function ingressOf(namespace: string): readonly Fields[] {
  const labels = { istio: namespace, app: ENVOY };
  const container = envoyOfMesh({
    role: "router",
    name: ENVOY,
    namespace,
    metadata: `LABELS: { istio: ${namespace}, app: ${ENVOY} }`,
    adminPort: ADMIN_PORT,
    cpu: "20m",
  });
  return [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: ENVOY },
      data: { "envoy.yaml": BOOTSTRAP },
    },
    {
      apiVersion: "networking.istio.io/v1",
      kind: "Gateway",
      metadata: { name: ENVOY },
      spec: {
        selector: { istio: namespace },
        servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: ENVOY },
      spec: {
        selector: labels,
        ports: [
          { name: "http2", port: 80, targetPort: ENVOY_PORT },
          { name: "tcp-admin", port: ADMIN_PORT, targetPort: ADMIN_PORT },
        ],
      },
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
  ];
}
