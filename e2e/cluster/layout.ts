import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Addresses inside the node's own network namespace; nothing outside sees or reaches them. */
export const NODE = {
  name: "node1",
  address: "10.88.0.1",
  /** Where everything that is not in the cluster would be; nobody answers there. */
  gateway: "10.88.0.254",
  pods: "10.244.0.0/24",
  services: "10.96.0.0/16",
  dns: "10.96.0.10",
  apiPort: 6443,
} as const;

/** Where things are kept: `cache` outlives the cluster, `run` goes away with it. */
export interface Layout {
  readonly root: string;
  readonly tools: string;
  readonly packages: string;
  readonly images: string;
  readonly containerd: string;
  readonly run: string;
  readonly logs: string;
  /** Name of the node's control group, one per checkout. */
  readonly cgroup: string;
}

/** The folders of a checkout. What is built is keyed by what it is built from. */
export function layoutOf(root: string): Layout {
  const cache = join(root, ".graphway", "cluster");
  const module = join(root, "e2e", "cluster", "tools");
  const toolsKey = hashOf(readFileSync(join(module, "go.mod")), readFileSync(join(module, "go.sum")));
  return {
    root,
    tools: join(cache, `tools-${toolsKey}`),
    packages: join(cache, "packages"),
    images: join(cache, "images"),
    containerd: join(cache, "containerd"),
    run: join(cache, "run"),
    logs: join(cache, "logs"),
    cgroup: `graphway-${hashOf(root)}`,
  };
}

/** Short and stable; for names of things that belong to an input. */
export function hashOf(...contents: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const content of contents) hash.update(content);
  return hash.digest("hex").slice(0, 12);
}
