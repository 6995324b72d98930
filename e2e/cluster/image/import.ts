import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeArchive } from "./archive.ts";
import type { Image } from "./image.ts";
import { hashOf, type Layout } from "../layout.ts";
import { runOnNode } from "../node/inside.ts";
import type { NodeProcess } from "../node/node-process.ts";

/**
 * Brings images into the node's containerd and returns the names of those that were not there; the others cost a look at
 * a file. The archive of an image's former content is removed.
 */
export async function importImages(
  layout: Layout,
  packages: string,
  node: NodeProcess,
  images: readonly Image[],
): Promise<readonly string[]> {
  const known = join(layout.containerd, "graphway-imported");
  mkdirSync(known, { recursive: true });
  const imported: string[] = [];
  for (const image of images) {
    const archive = await writeArchive(image, layout.images);
    const mark = join(known, hashOf(image.name));
    const former = existsSync(mark) ? readFileSync(mark, "utf8") : undefined;
    if (former === archive) continue;
    await runOnNode(layout, packages, node, ["ctr", "images", "import", archive]);
    writeFileSync(mark, archive);
    if (former !== undefined) rmSync(former, { force: true });
    imported.push(image.name);
  }
  return imported;
}
