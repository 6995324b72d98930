// Makes the bundles that the images hold: `node deploy/images/bundle.ts [program…]` writes build/images/<program>/.
import { build, type Metafile, type Plugin } from "esbuild";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import { contentOf } from "./folder-content.ts";
import { programNamed, PROGRAMS, type Program } from "./programs.ts";
import { noticesOf } from "./third-party.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** Bundled packages ask for what only CommonJS has. */
const COMMONJS = [
  'import { createRequire as graphwayRequire } from "node:module";',
  "const require = graphwayRequire(import.meta.url);",
  "const { filename: __filename, dirname: __dirname } = import.meta;",
].join("\n");

/** Asked for in a `try`, and done without. */
const OPTIONAL = new Set(["supports-color"]);

/** Modules that are loaded by name at run time become part of the bundle. */
const requiredByName: Plugin = {
  name: "required-by-name",
  setup(builder) {
    builder.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      if (!source.includes("createRequire(import.meta.url)(")) return undefined;
      return { contents: source.replaceAll("createRequire(import.meta.url)(", "require("), loader: "ts" };
    });
  },
};

/** The Wasm of this package stands in a file beside it, or in the other of its two modules. */
const ALIASES = { "@platformatic/wasm-utils": "@platformatic/wasm-utils/bundled" };

/**
 * Bundles a program into `build/images/<name>`: its entry, the modules that it loads later, the files that it reads, and
 * the licences of all of it. A folder that holds the same already is left alone. Returns the folder.
 */
export async function makeBundle(program: Program, root: string = ROOT): Promise<string> {
  const folder = join(root, "build", "images", program.name);
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(join(dirname(folder), `.making-${program.name}-`));
  // An image's folder has the mode of this one, and its user is another.
  chmodSync(work, 0o755);
  try {
    const metafile = await bundleModules(program, root, work);
    writeFileSync(join(work, "package.json"), `${JSON.stringify(manifestOf(program, root), null, 2)}\n`);
    for (const [to, from] of Object.entries(program.files)) place(join(root, from), join(work, to));
    place(join(root, "LICENSE"), join(work, "LICENSE"));
    writeFileSync(join(work, "THIRD-PARTY.txt"), noticesOf(metafile, program.packages, root));
    putInPlace(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

/** Where two bundles of the same are made at once, one of them stays. */
function putInPlace(work: string, folder: string): void {
  const content = contentOf(work);
  if (existsSync(folder) && contentOf(folder) === content) return;
  rmSync(folder, { recursive: true, force: true });
  try {
    renameSync(work, folder);
  } catch (error) {
    if (!existsSync(folder) || contentOf(folder) !== content) throw error;
  }
}

async function bundleModules(program: Program, root: string, folder: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { [program.name]: program.entry },
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    chunkNames: "modules/[name]-[hash]",
    bundle: true,
    // What a program loads only when it is asked for stays apart.
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    // Names stay: stack traces can be read without maps.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    banner: { js: COMMONJS },
    // Only the entry is what Node started.
    define: { "import.meta.main": "false" },
    alias: ALIASES,
    plugins: [requiredByName],
    metafile: true,
    logLevel: "warning",
  });
  const missing = missingOf(metafile);
  if (missing.length > 0) throw new Error(`the bundle of ${program.name} lacks ${missing.join(", ")}`);
  return metafile;
}

/** What the bundle would ask Node for and Node has not. */
function missingOf(metafile: Metafile): readonly string[] {
  return Object.values(metafile.outputs)
    .flatMap(({ imports }) => imports)
    .filter(({ path, external }) => external === true && !isBuiltin(path) && !OPTIONAL.has(path))
    .map(({ path }) => path);
}

/** What Node asks of the folder: that it holds modules, and where `#proto/gen` is. */
function manifestOf(program: Program, root: string): unknown {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly version: string };
  return {
    name: `graphway-${program.name}`,
    version,
    license: "Apache-2.0",
    type: "module",
    imports: { "#proto/gen/*": "./build/proto/*" },
  };
}

function place(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

if (import.meta.main) {
  const names = process.argv.slice(2);
  const programs = names.length === 0 ? PROGRAMS : names.map(programNamed);
  for (const program of programs) process.stdout.write(`${await makeBundle(program)}\n`);
}
