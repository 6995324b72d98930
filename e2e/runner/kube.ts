import { Agent, request, type RequestOptions } from "node:https";
import { KubeConfig } from "@kubernetes/client-node";

/** Any object of the API, as JSON; scenarios look at the fields that they are about. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly generation?: number;
    readonly resourceVersion?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly managedFields?: readonly { readonly manager: string; readonly operation: string; readonly time: string }[];
  };
  readonly spec?: Fields;
  readonly status?: Fields;
}

/** Fields that nobody has typed here. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- scenarios read any field of any kind; a wrong one fails them
export type Fields = Record<string, any>;

/** The API server said no; `body` is its Status object. */
export class KubeError extends Error {
  readonly status: number;
  readonly body: Fields;

  constructor(what: string, status: number, body: Fields) {
    super(`${what}: ${status} ${String(body["message"] ?? "")}`);
    this.status = status;
    this.body = body;
  }
}

const KINDS: Readonly<Record<string, readonly [group: string, plural: string]>> = {
  Namespace: ["v1", "namespaces"],
  Node: ["v1", "nodes"],
  Pod: ["v1", "pods"],
  Service: ["v1", "services"],
  Event: ["v1", "events"],
  ConfigMap: ["v1", "configmaps"],
  ResourceQuota: ["v1", "resourcequotas"],
  Secret: ["v1", "secrets"],
  CustomResourceDefinition: ["apiextensions.k8s.io/v1", "customresourcedefinitions"],
  ClusterRole: ["rbac.authorization.k8s.io/v1", "clusterroles"],
  ClusterRoleBinding: ["rbac.authorization.k8s.io/v1", "clusterrolebindings"],
  ValidatingWebhookConfiguration: ["admissionregistration.k8s.io/v1", "validatingwebhookconfigurations"],
  GatewayClass: ["gateway.networking.k8s.io/v1", "gatewayclasses"],
  ReferenceGrant: ["gateway.networking.k8s.io/v1beta1", "referencegrants"],
  Deployment: ["apps/v1", "deployments"],
  ReplicaSet: ["apps/v1", "replicasets"],
  HorizontalPodAutoscaler: ["autoscaling/v2", "horizontalpodautoscalers"],
  PodDisruptionBudget: ["policy/v1", "poddisruptionbudgets"],
  SeldonDeployment: ["machinelearning.seldon.io/v1", "seldondeployments"],
  VirtualService: ["networking.istio.io/v1", "virtualservices"],
  DestinationRule: ["networking.istio.io/v1", "destinationrules"],
  Lease: ["coordination.k8s.io/v1", "leases"],
  Gateway: ["networking.istio.io/v1", "gateways"],
  Sidecar: ["networking.istio.io/v1", "sidecars"],
  EnvoyFilter: ["networking.istio.io/v1alpha3", "envoyfilters"],
  PeerAuthentication: ["security.istio.io/v1", "peerauthentications"],
  RoutePolicy: ["graphway.dev/v1alpha1", "routepolicies"],
};

const CLUSTER_WIDE = new Set([
  "Namespace",
  "Node",
  "CustomResourceDefinition",
  "ClusterRole",
  "ClusterRoleBinding",
  "ValidatingWebhookConfiguration",
  "GatewayClass",
]);

/** The Kubernetes API as far as scenarios need it, within this process: kubectl costs a process for every look. */
export class Kube {
  readonly #config = new KubeConfig();
  readonly #agent: Agent;
  readonly #server: URL;

  constructor(kubeconfig: string, context?: string) {
    this.#config.loadFromFile(kubeconfig);
    if (context !== undefined) this.#config.setCurrentContext(context);
    const server = this.#config.getCurrentCluster()?.server;
    if (server === undefined) throw new Error(`${kubeconfig} names no cluster`);
    this.#server = new URL(server);
    this.#agent = new Agent({ keepAlive: true, maxSockets: 16 });
  }

  async get(kind: string, namespace: string, name: string): Promise<KubeObject | undefined> {
    try {
      return (await this.call("GET", pathOf(kind, namespace, name))) as unknown as KubeObject;
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return undefined;
      throw error;
    }
  }

  async list(kind: string, namespace: string, labelSelector = ""): Promise<readonly KubeObject[]> {
    const query = labelSelector === "" ? "" : `?labelSelector=${encodeURIComponent(labelSelector)}`;
    const { items } = (await this.call("GET", pathOf(kind, namespace) + query)) as { items: readonly KubeObject[] };
    return items.map((item) => ({ ...item, kind }));
  }

  /** Server-side apply as a user would, in the version that the object names. */
  async apply(object: Fields, namespace: string, query = ""): Promise<KubeObject> {
    const name = (object["metadata"] as { name: string }).name;
    const path = pathOf(String(object["kind"]), namespace, name, String(object["apiVersion"]));
    const how = `?fieldManager=user&force=true${query}`;
    return (await this.call("PATCH", path + how, object, "application/apply-patch+yaml")) as unknown as KubeObject;
  }

  /** A JSON merge patch. */
  patch(kind: string, namespace: string, name: string, patch: Fields): Promise<Fields> {
    return this.call("PATCH", pathOf(kind, namespace, name), patch, "application/merge-patch+json");
  }

  /** Quiet when there is none. `graceSeconds` 0: at once. */
  async delete(kind: string, namespace: string, name: string, graceSeconds?: number): Promise<void> {
    const body = graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds };
    try {
      await this.call("DELETE", pathOf(kind, namespace, name), { propagationPolicy: "Background", ...body });
    } catch (error) {
      if (!(error instanceof KubeError && error.status === 404)) throw error;
    }
  }

  /** One call; resolves with the JSON (or text) that came. Throws KubeError for 400 and above. */
  async call(method: string, path: string, body?: Fields, contentType = "application/json"): Promise<Fields> {
    const payload = body === undefined ? "" : JSON.stringify(body);
    const options: RequestOptions = {
      method,
      timeout: 90_000,
      // Node leaves the length out of a DELETE's headers.
      headers: { "content-length": Buffer.byteLength(payload), "content-type": contentType },
    };
    await this.#config.applyToHTTPSOptions(options);
    options.agent = this.#agent;
    const { status, text } = await send(new URL(path, this.#server), options, payload);
    const isJson = text.startsWith("{");
    const said = isJson ? (JSON.parse(text) as Fields) : { text, message: text.slice(0, 300) };
    if (status >= 400) throw new KubeError(`${method} ${path}`, status, said);
    return said;
  }

  /**
   * Every change of a kind in a namespace from now on, until the returned function is called. Quiet when the stream ends
   * by itself: what is looked at then is looked at by `get`.
   */
  async watch(
    kind: string,
    namespace: string,
    onChange: (type: string, object: KubeObject) => void,
  ): Promise<() => void> {
    const path = pathOf(kind, namespace);
    const { metadata } = (await this.call("GET", `${path}?limit=1`)) as { metadata: { resourceVersion: string } };
    const options: RequestOptions = { method: "GET" };
    await this.#config.applyToHTTPSOptions(options);
    const query = `?watch=1&resourceVersion=${metadata.resourceVersion}`;
    const call = request(new URL(path + query, this.#server), options, (response) => {
      let rest = "";
      response.setEncoding("utf8");
      response.on("error", () => undefined);
      response.on("data", (text: string) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          const { type, object } = JSON.parse(line) as { type: string; object: KubeObject };
          onChange(type, { ...object, kind });
        }
      });
    });
    call.on("error", () => undefined);
    call.end();
    return () => call.destroy();
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Whether a pod is ready, as its status says. */
export function isReady({ status }: KubeObject): boolean {
  const conditions = (status?.["conditions"] ?? []) as readonly { type: string; status: string }[];
  return conditions.some((one) => one.type === "Ready" && one.status === "True");
}

/** The fields but these. */
export function without(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

function pathOf(kind: string, namespace: string, name = "", apiVersion?: string): string {
  const known = KINDS[kind];
  if (known === undefined) throw new Error(`scenarios know no kind ${kind}`);
  const [version, plural] = known;
  const group = apiVersion ?? version;
  const root = group.includes("/") ? `/apis/${group}` : `/api/${group}`;
  const scope = CLUSTER_WIDE.has(kind) || namespace === "" ? "" : `/namespaces/${namespace}`;
  return `${root}${scope}/${plural}${name === "" ? "" : `/${name}`}`;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Once more, on another connection, where the one that was used before is just being closed. */
async function send(url: URL, options: RequestOptions, payload: string): Promise<Answer> {
  for (;;) {
    const answer = await sendOnce(url, options, payload);
    if (answer !== "closed") return answer;
  }
}

function sendOnce(url: URL, options: RequestOptions, payload: string): Promise<Answer | "closed"> {
  return new Promise((resolve, reject) => {
    const call = request(url, options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("error", reject);
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    call.on("timeout", () => call.destroy(new Error("the API server does not answer")));
    call.on("error", (error: NodeJS.ErrnoException) => {
      if (call.reusedSocket && error.code === "ECONNRESET") resolve("closed");
      else reject(error);
    });
    call.end(payload);
  });
}
