import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import ts from "typescript";

/** One import of a module by another; both as paths from the project's root. */
export interface ImportEdge {
  readonly from: string;
  readonly to: string;
}

export interface ImportGraph {
  readonly modules: readonly string[];
  /** Imports between the project's own modules, type imports too. Generated code counts as `build/proto/…`. */
  readonly edges: readonly ImportEdge[];
  /** Imports of own modules that lead nowhere, as `<from> -> <specifier>`. */
  readonly unresolved: readonly string[];
}

const SKIPPED_FOLDERS = new Set(["node_modules", "build", ".graphway", ".git", "testdata", "models"]);
const MODULE_FILE = /\.(ts|mjs|js)$/;
const IMPORTED_FILE = /\.(ts|mjs|js|json)$/;

/** One entry of `imports` in package.json, which all end in `*`: what a specifier begins with -> a folder. */
type Alias = readonly [prefix: string, folder: string];

function readAliases(root: string): readonly Alias[] {
  const { imports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly imports: Readonly<Record<string, string>>;
  };
  return Object.entries(imports).map(([key, to]) => [key.slice(0, -1), posix.normalize(to.slice(0, -1))]);
}

function listModules(root: string, folder = ""): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : listModules(root, path);
      return MODULE_FILE.test(entry.name) && !entry.name.endsWith(".d.ts") ? [path] : [];
    })
    .sort();
}

/** AssemblyScript leaves the ending out; everything else names the file. */
function resolveFile(root: string, path: string): string | undefined {
  const candidates = [path, `${path}.ts`, `${path}/index.ts`];
  return candidates.find((one) => IMPORTED_FILE.test(one) && existsSync(join(root, one)));
}

/** The own module that a specifier names; undefined when it leads nowhere, "package" when it is someone else's. */
function resolveImport(root: string, aliases: readonly Alias[], from: string, specifier: string): string | undefined {
  const alias = aliases.find(([prefix]) => specifier.startsWith(prefix));
  if (alias !== undefined) {
    const path = specifier.replace(alias[0], alias[1]);
    return path.startsWith("build/") ? path : resolveFile(root, path);
  }
  if (specifier.startsWith(".")) return resolveFile(root, posix.join(posix.dirname(from), specifier));
  return specifier.startsWith("#") ? undefined : "package";
}

/** Reads the imports of every module below a folder. */
export function readImportGraph(root: string): ImportGraph {
  const modules = listModules(root);
  const aliases = readAliases(root);
  const edges: ImportEdge[] = [];
  const unresolved: string[] = [];
  for (const from of modules) {
    const { importedFiles } = ts.preProcessFile(readFileSync(join(root, from), "utf8"), true, true);
    for (const { fileName } of importedFiles) {
      const to = resolveImport(root, aliases, from, fileName);
      if (to === undefined) unresolved.push(`${from} -> ${fileName}`);
      else if (to !== "package") edges.push({ from, to });
    }
  }
  return { modules, edges, unresolved };
}

/** The modules of each import cycle. */
export function findCycles(edges: readonly ImportEdge[]): readonly (readonly string[])[] {
  const targets = Map.groupBy(edges, ({ from }) => from);
  const done = new Set<string>();
  const cycles: (readonly string[])[] = [];
  const visit = (module: string, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(module);
    if (seenAt !== -1) cycles.push([...trail.slice(seenAt), module]);
    if (seenAt !== -1 || done.has(module)) return;
    for (const { to } of targets.get(module) ?? []) visit(to, [...trail, module]);
    done.add(module);
  };
  for (const module of targets.keys()) visit(module, []);
  return cycles;
}

/** The project's root folder. */
export const projectRoot = dirname(import.meta.dirname);
