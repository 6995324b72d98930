import { join } from "node:path";
import type { Layout } from "../layout.ts";
import { runProgram, type ProgramOptions } from "../setup/run-program.ts";
import { kubeconfigPath } from "./node-files.ts";
import type { NodeProcess } from "./node-process.ts";

/** Words before a command that is to run on the node: with its files, network and processes, or with its network alone. */
export function enterWords(node: NodeProcess, what: "node" | "network"): readonly string[] {
  const which = what === "network" ? ["-n"] : ["-m", "-n", "-p", "-u", "-i"];
  return ["nsenter", "-t", String(node.pid), ...which, "--"];
}

/** Environment of commands on the node: the cluster's programs come first, kubectl and helm know the cluster. */
export function nodeEnvironment(layout: Layout, packages: string): Readonly<Record<string, string>> {
  const library = `${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;
  return {
    PATH: `${layout.tools}:${packages}/usr/sbin:${packages}/usr/bin:${process.env["PATH"] ?? ""}`,
    LD_LIBRARY_PATH: join(packages, "usr/lib", library),
    KUBECONFIG: kubeconfigPath(layout, "admin"),
    CONTAINERD_ADDRESS: "/run/containerd/containerd.sock",
    CONTAINERD_NAMESPACE: "k8s.io",
  };
}

/** Runs a command on the node to its end. */
export function runOnNode(
  layout: Layout,
  packages: string,
  node: NodeProcess,
  command: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  const [file = "", ...args] = [...enterWords(node, "node"), ...command];
  return runProgram(file, args, { ...options, env: { ...nodeEnvironment(layout, packages), ...options.env } });
}
