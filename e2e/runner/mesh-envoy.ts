import type { Fields } from "./kube.ts";

/** A proxy that istiod tells what to do, without Istio's agent. */
export interface MeshEnvoy {
  readonly role: "sidecar" | "router";
  /** Of its application, which is its cluster's too. */
  readonly name: string;
  readonly namespace: string;
  /** More of its node's metadata, as fields of YAML in flow style. */
  readonly metadata: string;
  readonly adminPort: number;
  /** What it asks of the node's CPU. */
  readonly cpu: string;
}

/** Its container. The pod has a volume `config` with the bootstrap, `envoy.yaml`. */
export function envoyOfMesh({ role, name, namespace, metadata, adminPort, cpu }: MeshEnvoy): Fields {
  const node = [
    `node: { id: ${role}~$(POD_IP)~$(POD_NAME).${namespace}~${namespace}.svc.cluster.local, cluster: ${name}.${namespace}`,
    `metadata: { NAMESPACE: ${namespace}, ${metadata}, ISTIO_VERSION: 1.31.0`,
    "CLUSTER_ID: Kubernetes, INSTANCE_IPS: $(POD_IP) } }",
  ].join(", ");
  const fieldOf = (field: string, fieldPath: string): Fields => ({
    name: field,
    valueFrom: { fieldRef: { fieldPath } },
  });
  return {
    name: "istio-proxy",
    image: "docker.io/graphway/envoy:1",
    imagePullPolicy: "Never",
    resources: { requests: { cpu } },
    args: ["-c", "/etc/envoy/envoy.yaml", "--concurrency", "1", "--config-yaml", node],
    env: [fieldOf("POD_IP", "status.podIP"), fieldOf("POD_NAME", "metadata.name")],
    readinessProbe: { httpGet: { path: "/ready", port: adminPort }, periodSeconds: 1 },
    volumeMounts: [{ name: "config", mountPath: "/etc/envoy" }],
  };
}
