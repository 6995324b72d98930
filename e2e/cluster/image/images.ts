import { join } from "node:path";
import type { Layout } from "../layout.ts";
import { baseLayer } from "./base-layers.ts";
import type { Image } from "./image.ts";

/** The images of the cluster itself. */
export function systemImages(layout: Layout): readonly Image[] {
  const only = (name: string): Image["layers"] => [
    { name, entries: [{ kind: "copy", path: `/${name}`, from: join(layout.tools, name), mode: 0o755 }] },
  ];
  return [
    { name: "docker.io/graphway/pause:1", layers: only("pause"), entrypoint: ["/pause"], user: "65535:65535" },
    { name: "docker.io/graphway/coredns:1", layers: only("coredns"), entrypoint: ["/coredns"] },
    { name: "docker.io/graphway/istiod:1", layers: only("pilot-discovery"), entrypoint: ["/pilot-discovery"] },
  ];
}

/** Envoy, and programs of ours on Node, over one small base. `envoy` and `node` are the binaries. */
export async function programImages(packages: string, envoy: string, node: string): Promise<readonly Image[]> {
  const base = await baseLayer(packages, [envoy, node]);
  const nodeLayer = {
    name: "node",
    entries: [{ kind: "copy", path: "/usr/local/bin/node", from: node, mode: 0o755 }],
  } as const;
  const envoyLayer = {
    name: "envoy",
    entries: [{ kind: "copy", path: "/usr/local/bin/envoy", from: envoy, mode: 0o755 }],
  } as const;
  return [
    {
      name: "docker.io/graphway/envoy:1",
      layers: [base, envoyLayer],
      entrypoint: ["/usr/local/bin/envoy"],
      user: "1000:1000",
    },
    {
      name: "docker.io/graphway/node:1",
      layers: [base, nodeLayer],
      entrypoint: ["/usr/local/bin/node"],
      user: "1000:1000",
    },
  ];
}
