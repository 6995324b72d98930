import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeArchive } from "./archive.ts";
import type { Image } from "./image.ts";
import { hashOf, type Layout } from "../layout.ts";
import { runOnNode } from "../node/inside.ts";
import type { NodeProcess } from "../node/node-process.ts";

/** Brings images into the node's containerd; those that are there already cost a look at a file. */
export async function importImages(
  layout: Layout,
  packages: string,
  node: NodeProcess,
  images: readonly Image[],
): Promise<void> {
  const known = join(layout.containerd, "graphway-imported");
  mkdirSync(known, { recursive: true });
  const there = new Set(readdirSync(known));
  for (const image of images) {
    const archive = await writeArchive(image, layout.images);
    const mark = hashOf(archive);
    if (there.has(mark)) continue;
    await runOnNode(layout, packages, node, ["ctr", "images", "import", archive]);
    writeFileSync(join(known, mark), `${image.name}\n`);
  }
}
