import { join } from "node:path";

/** Runs a program to its end; resolves with what it printed, rejects with what it said when it failed. */
export type RunProgram = (file: string, args: readonly string[]) => Promise<string>;

/** Programs that have to be in the PATH, beside a container engine that kind knows. */
export const KIND_PROGRAMS = ["kind", "istioctl", "kubectl", "helm"] as const;

/** A cluster that kind made, with Istio and its ingress gateway. */
export interface KindCluster {
  /** Of kubectl and helm. */
  readonly context: string;
  /** The ingress gateway on this machine. */
  readonly ingress: { readonly host: string; readonly port: number };
  /** Brings an image to its nodes: a tar as `docker save` writes it. */
  loadImage(archive: string): Promise<void>;
  delete(): Promise<void>;
}

/** Creates a cluster from cluster.yaml and installs Istio by istio.yaml; takes minutes. One that fails half-way is deleted. */
export async function createKindCluster(name: string, run: RunProgram): Promise<KindCluster> {
  const context = `kind-${name}`;
  const cluster: KindCluster = {
    context,
    ingress: { host: "127.0.0.1", port: 8003 },
    loadImage: async (archive) => {
      await run("kind", ["load", "image-archive", archive, "--name", name]);
    },
    delete: async () => {
      await run("kind", ["delete", "cluster", "--name", name]);
    },
  };
  try {
    await run("kind", ["create", "cluster", "--name", name, "--config", fileHere("cluster.yaml"), "--wait", "180s"]);
    await run("istioctl", ["install", "--context", context, "--skip-confirmation", "-f", fileHere("istio.yaml")]);
  } catch (error) {
    await cluster.delete();
    throw error;
  }
  return cluster;
}

function fileHere(name: string): string {
  return join(import.meta.dirname, name);
}
