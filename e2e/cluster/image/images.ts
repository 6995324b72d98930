import { join } from "node:path";
import { makeBundle } from "../../../deploy/images/bundle.ts";
import { filesOf } from "../../../deploy/images/folder-content.ts";
import {
  entrypointOf,
  IMAGE_FOLDER,
  IMAGE_USER,
  imageName,
  PROGRAMS,
  type Program,
} from "../../../deploy/images/programs.ts";
import type { Layout } from "../layout.ts";
import { baseLayer } from "./base-layers.ts";
import type { Entry, Image, Layer } from "./image.ts";

/** The images of the cluster itself. */
export function systemImages(layout: Layout): readonly Image[] {
  const only = (name: string): Image["layers"] => [programLayer(layout, name)];
  return [
    { name: "docker.io/graphway/pause:1", layers: only("pause"), entrypoint: ["/pause"], user: "65535:65535" },
    { name: "docker.io/graphway/coredns:1", layers: only("coredns"), entrypoint: ["/coredns"] },
    istiodImage(layout),
  ];
}

/** Istio's control plane; its chart runs it as whom the image says. */
export function istiodImage(layout: Layout): Image {
  return {
    name: "docker.io/graphway/istiod:1",
    layers: [programLayer(layout, "pilot-discovery")],
    entrypoint: ["/pilot-discovery"],
    user: "1337:1337",
  };
}

function programLayer({ tools }: Layout, name: string): Layer {
  return { name, entries: [{ kind: "copy", path: `/${name}`, from: join(tools, name), mode: 0o755 }] };
}

/** The programs of this machine that images are made with. */
export interface Binaries {
  readonly envoy: string;
  readonly node: string;
}

/** Envoy, Node, and our own programs as they are shipped, over one small base. Bundles the programs anew. */
export async function programImages(packages: string, binaries: Binaries): Promise<readonly Image[]> {
  const base = await baseLayer(packages, [binaries.envoy, binaries.node]);
  const node = imageOf(base, binaries, "node");
  return [imageOf(base, binaries, "envoy"), node, ...(await bundleImages(node.layers))];
}

/** Envoy over the small base, for what stands around it. */
export async function envoyImage(packages: string, binaries: Binaries): Promise<Image> {
  return imageOf(await baseLayer(packages, [binaries.envoy, binaries.node]), binaries, "envoy");
}

/** Node over the small base, for programs of others. */
export async function nodeImage(packages: string, binaries: Binaries): Promise<Image> {
  return imageOf(await baseLayer(packages, [binaries.envoy, binaries.node]), binaries, "node");
}

function imageOf(base: Layer, binaries: Binaries, name: keyof Binaries): Image {
  const layer: Layer = {
    name,
    entries: [{ kind: "copy", path: `/usr/local/bin/${name}`, from: binaries[name], mode: 0o755 }],
  };
  return {
    name: `docker.io/graphway/${name}:1`,
    layers: [base, layer],
    entrypoint: [`/usr/local/bin/${name}`],
    user: "1000:1000",
  };
}

/** The images of our programs over layers that hold Node. */
async function bundleImages(layers: readonly Layer[]): Promise<readonly Image[]> {
  const images: Image[] = [];
  for (const program of PROGRAMS) images.push(await bundleImage(program, layers));
  return images;
}

/** The image of one of our programs over layers that hold Node. Bundles it anew. */
export async function bundleImage(program: Program, layers: readonly Layer[]): Promise<Image> {
  const folder = await makeBundle(program);
  const entries = filesOf(folder).map((file): Entry => {
    return { kind: "copy", path: join(IMAGE_FOLDER, file), from: join(folder, file), mode: 0o644 };
  });
  return {
    name: imageName(program),
    layers: [...layers, { name: program.name, entries }],
    entrypoint: entrypointOf(program),
    user: `${IMAGE_USER}:${IMAGE_USER}`,
    folder: IMAGE_FOLDER,
  };
}
