import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { programNamed } from "../../deploy/images/programs.ts";
import type { Image } from "../cluster/image/image.ts";
import { bundleImage } from "../cluster/image/images.ts";

/** Stands in for Seldon's executor where scenarios begin with what Seldon's operator left. */
const EXECUTOR_IMAGE = "docker.io/graphway/model:executor";

/**
 * Two versions of the model that scenarios use, which differ in what they answer, as images over the one with Node; and
 * the orchestrator under another name.
 */
export async function modelImages(nodeImage: Image, folder: string): Promise<readonly Image[]> {
  const bundle = await bundleModel(folder);
  const layer = { name: "model", entries: [{ kind: "copy", path: "/srv/model.mjs", from: bundle }] } as const;
  const version = (tag: string, answer: readonly number[]): Image => ({
    ...nodeImage,
    name: `docker.io/graphway/model:${tag}`,
    layers: [...nodeImage.layers, layer],
    // Not as arguments: a pod that brings some (an explainer) would replace it.
    entrypoint: [...nodeImage.entrypoint, "/srv/model.mjs"],
    env: { ...nodeImage.env, ANSWER: JSON.stringify(answer) },
  });
  const executor = { ...(await bundleImage(programNamed("orchestrator"), nodeImage.layers)), name: EXECUTOR_IMAGE };
  return [version("1", [1, 2, 3, 4]), version("2", [5, 6, 7, 8]), executor];
}

/** The model in one file, written only when it differs: layers go by a file's time. Returns its path. */
export async function bundleModel(folder: string): Promise<string> {
  const outfile = join(folder, "model.mjs");
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "main.ts")],
    outfile,
    write: false,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    logLevel: "error",
    // Packages in CommonJS ask for Node's own modules by `require`.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  const [bundle] = outputFiles;
  if (bundle === undefined) throw new Error("esbuild made no file");
  mkdirSync(folder, { recursive: true });
  if (!existsSync(outfile) || readFileSync(outfile, "utf8") !== bundle.text) writeFileSync(outfile, bundle.text);
  return outfile;
}
