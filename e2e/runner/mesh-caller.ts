import { BOOTSTRAP } from "./filtered-mesh.ts";
import { GatewayClient } from "./gateway-client.ts";
import type { Fields } from "./kube.ts";
import { envoyOfMesh } from "./mesh-envoy.ts";
import { NotRun } from "./scenario.ts";
import { until } from "./until.ts";
import type { World } from "./world.ts";

const NAME = "caller";
const PORT = 8000;
const ADMIN_PORT = 15000;

/**
 * A proxy that stands beside a caller within the mesh and takes what it sends to port 8000: an Envoy that istiod
 * tells the routes of the gateway `mesh`. It takes requests from outside of its pod too, so that scenarios can be that caller.
 */
export async function startMeshCaller(world: World): Promise<MeshCaller> {
  const { namespace, target } = world;
  if (target.nodePid === undefined) throw new NotRun("the proxy's image is in the cluster of this checkout alone");
  await world.apply(...objectsOf(namespace));
  const address = await until("the caller's proxy is ready", async () => {
    const [pod] = await world.podsOf(`app=${NAME}`);
    const { conditions = [], podIP } = (pod?.status ?? {}) as {
      readonly conditions?: readonly { readonly type: string; readonly status: string }[];
      readonly podIP?: string;
    };
    return conditions.some((one) => one.type === "Ready" && one.status === "True") ? podIP : undefined;
  });
  return {
    to: (host) => new GatewayClient(`${address}:${PORT}`, `${host}:${PORT}`),
  };
}

export interface MeshCaller {
  /** A client of this Service's name, as the caller writes it. To be closed. */
  to(host: string): GatewayClient;
}

/** The proxy, and what of the mesh it is told: port 8000 of its own namespace. */
function objectsOf(namespace: string): readonly Fields[] {
  const labels = { app: NAME };
  const container = envoyOfMesh({
    role: "sidecar",
    name: NAME,
    namespace,
    metadata: `INTERCEPTION_MODE: NONE, LABELS: { app: ${NAME} }`,
    adminPort: ADMIN_PORT,
    cpu: "10m",
  });
  const port = { number: PORT, protocol: "HTTP", name: "http" };
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: NAME }, data: { "envoy.yaml": BOOTSTRAP } },
    {
      apiVersion: "networking.istio.io/v1",
      kind: "Sidecar",
      metadata: { name: NAME },
      spec: {
        workloadSelector: { labels },
        egress: [{ port, bind: "0.0.0.0", captureMode: "NONE", hosts: ["./*"] }],
      },
    },
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: NAME, labels },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [container],
        volumes: [{ name: "config", configMap: { name: NAME } }],
      },
    },
  ];
}
