import { createApiClient } from "../../../kubernetes-api/create-api-client.ts";
import type { KubernetesObject } from "../../../kubernetes-api/object.ts";
import { RESOURCE } from "../../../kubernetes-api/resource-types.ts";
import { startFakeApiServer, type FakeApiServer } from "../../../kubernetes-api/tests/fake-api-server.ts";
import { startControlPlane, type ControlPlane } from "../control-plane.ts";
import { createLog } from "../log.ts";
import { readSettings } from "../settings/read-settings.ts";

const NAMESPACE = "models";
const IRIS = { namespace: NAMESPACE, name: "iris" };

interface DeploymentSpec {
  readonly replicas?: number;
}

/** An API server whose Deployments get their pods at once, and control planes that work on it. */
export interface TestCluster {
  readonly api: FakeApiServer;
  /** Starts a control plane in `models`. */
  start(args?: readonly string[], env?: Readonly<Record<string, string>>): Promise<ControlPlane>;
  /** Writes the SeldonDeployment `models/iris`. */
  apply(spec: object, labels?: Readonly<Record<string, string>>): void;
  iris(): KubernetesObject | undefined;
  status(): {
    readonly state?: string;
    readonly description?: string;
    readonly observedGeneration?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
  /** `kind/name` of everything that was made for it, sorted. */
  objects(): readonly string[];
  isSettled(): boolean;
  stop(): Promise<void>;
}

export async function startTestCluster(): Promise<TestCluster> {
  const api = await startFakeApiServer();
  const running: ControlPlane[] = [];
  api.objects.onEntry(({ type, resource, object }) => {
    if (resource.kind !== "Deployment" || type === "DELETED") return;
    const { status } = object as { readonly status?: { readonly observedGeneration?: number } };
    if (status?.observedGeneration === object.metadata.generation) return;
    setImmediate(() => {
      bringPods(api, object);
    });
  });
  const status: TestCluster["status"] = () => api.objects.get(RESOURCE.seldonDeployment, IRIS)?.["status"] ?? {};
  const made = [
    RESOURCE.deployment,
    RESOURCE.service,
    RESOURCE.horizontalPodAutoscaler,
    RESOURCE.podDisruptionBudget,
    RESOURCE.virtualService,
    RESOURCE.destinationRule,
  ];
  return {
    api,
    async start(args = [], env = {}) {
      const read = readSettings(
        ["--namespace=models", "--metrics-addr=127.0.0.1:0", "--xds-port=0", "--webhook=false", "--drain=0", ...args],
        { ISTIO_ENABLED: "true", POD_NAMESPACE: "models", ...env },
      );
      if (read.kind !== "settings") throw new Error(JSON.stringify(read));
      const settings = { ...read.settings, logLevel: "fatal" as const };
      const controlPlane = await startControlPlane(settings, createLog("fatal"), (_, options) =>
        Promise.resolve(createApiClient({ ...options, access: api.access })),
      );
      running.push(controlPlane);
      return controlPlane;
    },
    apply(spec, labels = {}) {
      const before = api.objects.get(RESOURCE.seldonDeployment, IRIS);
      api.objects.put(RESOURCE.seldonDeployment, {
        ...before,
        apiVersion: RESOURCE.seldonDeployment.apiVersion,
        kind: "SeldonDeployment",
        metadata: { ...before?.metadata, ...IRIS, labels },
        spec,
      });
    },
    iris: () => api.objects.get(RESOURCE.seldonDeployment, IRIS),
    status,
    objects: () =>
      made
        .flatMap((type) => api.objects.list(type, NAMESPACE))
        .map((one) => `${one.kind}/${one.metadata.name}`)
        .sort(),
    isSettled: () =>
      status().state === "Available" &&
      status().observedGeneration === api.objects.get(RESOURCE.seldonDeployment, IRIS)?.metadata.generation,
    async stop() {
      await Promise.all(running.splice(0).map((one) => one.stop()));
      await api.stop();
    },
  };
}

/** What Kubernetes' controllers do once all pods are there. */
function bringPods(api: FakeApiServer, { metadata }: KubernetesObject): void {
  const key = { namespace: metadata.namespace ?? "", name: metadata.name };
  const found = api.objects.get(RESOURCE.deployment, key);
  if (found === undefined) return;
  const { replicas = 1 } = (found["spec"] ?? {}) as DeploymentSpec;
  const condition = { type: "Available", status: "True", reason: "MinimumReplicasAvailable" };
  const status = {
    observedGeneration: found.metadata.generation,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
    conditions: [condition],
  };
  api.objects.replace(RESOURCE.deployment, { ...found, status }, "status");
}

/** A predictor with one container. */
export function predictorOf(name: string, traffic: number, image = "model:1", more: object = {}): object {
  return {
    name,
    traffic,
    graph: { name: "classifier", type: "MODEL", ...more },
    componentSpecs: [{ spec: { containers: [{ name: "classifier", image }] } }],
  };
}
