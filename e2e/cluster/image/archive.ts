import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createReadStream } from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { hashOf } from "../layout.ts";
import { runProgram } from "../setup/run-program.ts";
import type { Entry, Image, Layer } from "./image.ts";

/** Same files, same bytes: no owner, no time, sorted. */
const REPRODUCIBLE = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0", "--format=gnu"];

/**
 * Writes an image as `docker save` does (one tar: the configuration, manifest.json and a tar per layer), which
 * `ctr images import` reads. Returns the archive's path; one that is there for the same content is kept.
 */
export async function writeArchive(image: Image, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const layers = [];
  for (const layer of image.layers) layers.push(await writeLayer(layer, folder));
  const config = JSON.stringify(configOf(image, layers));
  const archive = join(folder, `image-${hashOf(image.name, config)}.tar`);
  if (existsSync(archive)) return archive;
  const work = mkdtempSync(join(folder, "work-"));
  try {
    const configFile = `${createHash("sha256").update(config).digest("hex")}.json`;
    writeFileSync(join(work, configFile), config);
    const unique = [...new Map(layers.map((layer) => [layer.digest, layer])).values()];
    for (const { digest, path } of unique) linkSync(path, join(work, `${digest}.tar`));
    const manifest = {
      Config: configFile,
      RepoTags: [image.name],
      Layers: layers.map(({ digest }) => `${digest}.tar`),
    };
    writeFileSync(join(work, "manifest.json"), JSON.stringify([manifest]));
    await runProgram("tar", [...REPRODUCIBLE, "-C", work, "-cf", `${work}.tar`, "."]);
    renameSync(`${work}.tar`, archive);
    return archive;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

interface WrittenLayer {
  readonly path: string;
  /** SHA-256 of the uncompressed tar. */
  readonly digest: string;
}

async function writeLayer(layer: Layer, folder: string): Promise<WrittenLayer> {
  const path = join(folder, `layer-${layer.name}-${hashOf(JSON.stringify(layer.entries.map(stateOf)))}.tar`);
  if (!existsSync(path)) {
    const work = mkdtempSync(join(folder, "work-"));
    try {
      for (const entry of layer.entries) place(entry, work);
      await runProgram("tar", [...REPRODUCIBLE, "-C", work, "-cf", `${work}.tar`, "."]);
      renameSync(`${work}.tar`, path);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return { path, digest: hash.digest("hex") };
}

/** What an entry's bytes depend on; a file is the same while its size and time are. */
function stateOf(entry: Entry): unknown {
  if (entry.kind !== "copy") return entry;
  const { size, mtimeMs } = statSync(entry.from);
  return { ...entry, size, mtimeMs };
}

function place(entry: Entry, root: string): void {
  const to = join(root, entry.path);
  mkdirSync(dirname(to), { recursive: true });
  switch (entry.kind) {
    case "copy":
      if (statSync(entry.from).isDirectory()) cpSync(entry.from, to, { recursive: true, dereference: true });
      else copyFileSync(entry.from, to);
      if (entry.mode !== undefined) chmodSync(to, entry.mode);
      return;
    case "text":
      writeFileSync(to, entry.text);
      chmodSync(to, entry.mode ?? 0o644);
      return;
    case "link":
      symlinkSync(entry.to, to);
      return;
    case "folder":
      mkdirSync(to, { recursive: true });
      chmodSync(to, entry.mode);
  }
}

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function configOf(image: Image, layers: readonly WrittenLayer[]): unknown {
  const created = "1970-01-01T00:00:00Z";
  const env = Object.entries({ PATH, ...image.env }).map(([name, value]) => `${name}=${value}`);
  return {
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    os: "linux",
    created,
    config: {
      Entrypoint: image.entrypoint,
      Cmd: image.arguments ?? null,
      Env: env,
      User: image.user ?? "",
      WorkingDir: image.folder ?? "/",
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => `sha256:${digest}`) },
    history: layers.map(() => ({ created })),
  };
}
