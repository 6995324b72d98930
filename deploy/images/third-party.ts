import type { Metafile } from "esbuild";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

const RULE = "-".repeat(80);

/**
 * Names, versions and licence texts of the packages whose code is in a bundle, and of those named. Throws for a package
 * that says no licence: such code is not shipped.
 */
export function noticesOf(metafile: Metafile, packages: readonly string[], root: string): string {
  const folders = new Set(packages.map((name) => `node_modules/${name}`));
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = packageFolder(input);
      if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
    }
  }
  const notices = [...folders].sort().map((folder) => noticeOf(join(root, folder)));
  return ["This program contains code of these packages.", ...notices].join(`\n\n${RULE}\n`);
}

/** `node_modules/a/node_modules/@b/c/lib/d.js` -> `node_modules/a/node_modules/@b/c`. */
function packageFolder(input: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
}

function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  if (typeof license !== "string") throw new Error(`${name} ${version} says no licence`);
  const texts = readdirSync(folder)
    .filter((file) => /^(licen[cs]e|notice|copying)/i.test(file))
    .filter((file) => existsSync(join(folder, file)))
    .sort()
    .map((file) => readFileSync(join(folder, file), "utf8").trim());
  return [`${name} ${version} (${license})`, ...texts].join("\n\n");
}
