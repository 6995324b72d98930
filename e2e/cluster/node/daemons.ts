import { join } from "node:path";
import type { Layout } from "../layout.ts";
import { NODE } from "../layout.ts";
import { kubeconfigPath, type Client } from "./node-files.ts";

/** A program that runs as long as the node does. */
export interface Daemon {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Is started again when it ends, as a kubelet would; without, the node ends with it. */
  readonly isRestarted?: boolean;
}

const ETCD = "http://127.0.0.1:2379";
const ETCD_PEER = "http://127.0.0.1:2380";

/** etcd and the API server: what everything else waits for. */
export function apiDaemons(layout: Layout): readonly Daemon[] {
  const { run, tools } = layout;
  return [
    {
      name: "etcd",
      program: join(tools, "etcd"),
      args: [
        "--name=node",
        `--data-dir=${run}/etcd`,
        `--listen-client-urls=${ETCD}`,
        `--advertise-client-urls=${ETCD}`,
        `--listen-peer-urls=${ETCD_PEER}`,
        `--initial-advertise-peer-urls=${ETCD_PEER}`,
        `--initial-cluster=node=${ETCD_PEER}`,
        // The data is thrown away with the cluster: nothing is worth waiting for the disk.
        "--unsafe-no-fsync",
      ],
    },
    {
      name: "kube-apiserver",
      isRestarted: true,
      program: join(tools, "kube-apiserver"),
      args: [
        `--etcd-servers=${ETCD}`,
        "--bind-address=0.0.0.0",
        `--secure-port=${NODE.apiPort}`,
        `--cert-dir=${run}/pki`,
        `--advertise-address=${NODE.address}`,
        "--service-account-issuer=https://kubernetes.default.svc",
        `--service-account-signing-key-file=${run}/pki/sa.key`,
        `--service-account-key-file=${run}/pki/sa.key`,
        `--token-auth-file=${run}/tokens.csv`,
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        `--service-cluster-ip-range=${NODE.services}`,
        "--allow-privileged=true",
        "--kubelet-preferred-address-types=InternalIP",
        "--shutdown-delay-duration=0s",
      ],
    },
  ];
}

/** What runs containers. */
export function containerd(layout: Layout, packages: string): Daemon {
  return {
    name: "containerd",
    program: join(packages, "usr/bin/containerd"),
    args: ["-c", join(layout.run, "containerd.toml")],
  };
}

/** The rest, started when the API server answers. */
export function nodeDaemons(layout: Layout): readonly Daemon[] {
  const { run, tools } = layout;
  const asClient = (client: Client): string[] => {
    const path = kubeconfigPath(layout, client);
    const same = ["kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"].map(
      (flag) => `--${flag}=${path}`,
    );
    return [...same, "--leader-elect=false", "--bind-address=127.0.0.1"];
  };
  return [
    {
      name: "kube-controller-manager",
      program: join(tools, "kube-controller-manager"),
      args: [
        ...asClient("controller-manager"),
        "--use-service-account-credentials=false",
        `--service-account-private-key-file=${run}/pki/sa.key`,
        `--root-ca-file=${run}/pki/apiserver.crt`,
      ],
    },
    { name: "kube-scheduler", program: join(tools, "kube-scheduler"), args: asClient("scheduler") },
    {
      name: "kubelet",
      program: join(tools, "kubelet"),
      args: [
        `--config=${run}/kubelet.json`,
        `--kubeconfig=${kubeconfigPath(layout, "kubelet")}`,
        `--hostname-override=${NODE.name}`,
        `--node-ip=${NODE.address}`,
        "--root-dir=/var/lib/kubelet",
        "--cert-dir=/var/lib/kubelet/pki",
      ],
    },
    {
      name: "kube-proxy",
      program: join(tools, "kube-proxy"),
      args: [
        `--kubeconfig=${kubeconfigPath(layout, "proxy")}`,
        "--proxy-mode=nftables",
        "--oom-score-adj=0",
        `--cluster-cidr=${NODE.pods}`,
        `--hostname-override=${NODE.name}`,
        // The machine's connection tracking is not ours to set.
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
        "--bind-address=0.0.0.0",
      ],
    },
  ];
}
