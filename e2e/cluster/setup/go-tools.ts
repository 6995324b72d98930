import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Layout } from "../layout.ts";
import { Progress } from "./progress.ts";
import { runProgram } from "./run-program.ts";

/** Every program of the cluster by the package it is built from, the API server first: most waits are for it. */
const PROGRAMS: Readonly<Record<string, string>> = {
  etcd: "go.etcd.io/etcd/server/v3",
  "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
  kubectl: "k8s.io/kubernetes/cmd/kubectl",
  kubelet: "k8s.io/kubernetes/cmd/kubelet",
  "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
  "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
  "kube-proxy": "k8s.io/kubernetes/cmd/kube-proxy",
  "pilot-discovery": "istio.io/istio/pilot/cmd/pilot-discovery",
  "pilot-agent": "istio.io/istio/pilot/cmd/pilot-agent",
  helm: "helm.sh/helm/v3/cmd/helm",
  coredns: "./dns",
  pause: "./pause",
};

/** Not optimised: these builds take a third of the time, and nothing here is measured. */
const BUILD = ["build", "-trimpath", "-gcflags=all=-N -l", "-ldflags=-s -w"];
const ENVIRONMENT = { CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false -mod=readonly" };

/** Builds the programs that are not there yet, one by one: a build that was broken off goes on where it was. */
export async function buildTools(layout: Layout): Promise<void> {
  mkdirSync(layout.tools, { recursive: true });
  const there = new Set(readdirSync(layout.tools));
  const missing = Object.entries(PROGRAMS).filter(([name]) => !there.has(name));
  if (missing.length === 0) return;
  const module = join(layout.root, "e2e", "cluster", "tools");
  const progress = new Progress("building the cluster's programs");
  for (const [i, [name, source]] of missing.entries()) {
    progress.show(i, missing.length, name);
    const made = join(layout.tools, `.${name}.${process.pid}`);
    try {
      await runProgram("go", [...BUILD, "-o", made, source], {
        cwd: module,
        env: ENVIRONMENT,
        onLine: (line) => {
          if (line.startsWith("go: downloading")) progress.show(i, missing.length, `${name}: downloading`);
        },
      });
      renameSync(made, join(layout.tools, name));
    } finally {
      rmSync(made, { force: true });
    }
  }
  progress.end();
}

/** The folder of a Go module's source in the module cache, such as Istio's, for the manifests that it carries. */
export async function moduleFolder(layout: Layout, module: string): Promise<string> {
  const folder = await runProgram("go", ["list", "-m", "-f", "{{.Dir}}", module], {
    cwd: join(layout.root, "e2e", "cluster", "tools"),
    env: ENVIRONMENT,
  });
  return folder.trim();
}
