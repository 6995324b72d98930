import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Layout } from "../layout.ts";
import { NODE } from "../layout.ts";

/** Who talks to the API server, by name: user and group. Each has a token `<name>-token`, good in this cluster alone. */
const CLIENTS = {
  admin: { user: "admin", group: "system:masters" },
  kubelet: { user: `system:node:${NODE.name}`, group: "system:nodes" },
  proxy: { user: "system:kube-proxy", group: "" },
  "controller-manager": { user: "controller-manager", group: "system:masters" },
  scheduler: { user: "system:kube-scheduler", group: "" },
} as const;

export type Client = keyof typeof CLIENTS;

/** Where a client's kubeconfig is. */
export function kubeconfigPath(layout: Layout, client: Client): string {
  return join(layout.run, `${client}.kubeconfig`);
}

/** Writes everything that the daemons read. */
export function writeNodeFiles(layout: Layout, packages: string): void {
  for (const folder of [
    "pki",
    "cni",
    "proc",
    "var/lib/kubelet",
    "var/lib/cni",
    "var/lib/containerd",
    "var/log",
    "var/tmp",
  ]) {
    mkdirSync(join(layout.run, folder), { recursive: true });
  }
  mkdirSync(layout.containerd, { recursive: true });
  mkdirSync(layout.logs, { recursive: true });
  const write = (name: string, text: string): void => {
    writeFileSync(join(layout.run, name), text);
  };
  write(
    "tokens.csv",
    Object.entries(CLIENTS)
      .map(([name, { user, group }]) => `${name}-token,${user},uid-${name},"${group}"\n`)
      .join(""),
  );
  for (const client of Object.keys(CLIENTS) as Client[]) write(`${client}.kubeconfig`, kubeconfig(layout, client));
  write("resolv.conf", `nameserver ${NODE.address}\n`);
  write("containerd.toml", containerdConfig(layout, packages));
  write("cni/10-bridge.conflist", JSON.stringify(BRIDGE));
  write("kubelet.json", JSON.stringify(kubeletConfig(layout)));
}

function kubeconfig(layout: Layout, client: Client): string {
  const cluster = {
    server: `https://${NODE.address}:${NODE.apiPort}`,
    "certificate-authority": join(layout.run, "pki/apiserver.crt"),
  };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "node", cluster }],
    users: [{ name: client, user: { token: `${client}-token` } }],
    contexts: [{ name: "node", context: { cluster: "node", user: client } }],
    "current-context": "node",
  });
}

/** No AppArmor, and no lowering of OOM scores: both need rights that root in a container lacks. */
function containerdConfig(layout: Layout, packages: string): string {
  return `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "graphway/pause:1"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${packages}/usr/lib/cni"
    conf_dir = "${layout.run}/cni"
`;
}

const BRIDGE = {
  cniVersion: "0.4.0",
  name: "pods",
  plugins: [
    {
      type: "bridge",
      bridge: "cni0",
      isGateway: true,
      hairpinMode: true,
      ipMasq: false,
      ipam: {
        type: "host-local",
        dataDir: "/run/cni-ipam",
        ranges: [[{ subnet: NODE.pods }]],
        routes: [{ dst: "0.0.0.0/0" }],
      },
    },
  ],
};

function kubeletConfig(layout: Layout): unknown {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: "AlwaysAllow" },
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${layout.cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: ["pods"],
    clusterDNS: [NODE.dns],
    clusterDomain: "cluster.local",
    resolvConf: join(layout.run, "resolv.conf"),
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: {
      "memory.available": "50Mi",
      "nodefs.available": "0%",
      "nodefs.inodesFree": "0%",
      "imagefs.available": "0%",
    },
    syncFrequency: "10s",
    oomScoreAdj: 0,
    nodeStatusUpdateFrequency: "4s",
    registerNode: true,
    maxPods: 250,
  };
}
