import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { problem, type Checked, type Problem } from "../../problem/problem.ts";
import type { Source, SourceText } from "../source.ts";
import { watchPaths } from "./watch-paths.ts";

/** Limits of a file source. */
export interface FileSourceOptions {
  /** Whether the folders in a folder count too. Default false, as with kubectl. */
  readonly recursive?: boolean;
  /** Largest file that is read, in bytes. Default 8 MiB. */
  readonly maxFileBytes?: number;
  /** Quiet time after a change before it is reported, in milliseconds. Default 40. */
  readonly quietMs?: number;
}

const MANIFEST = /\.(ya?ml|json)$/;
const DEFAULT_MAX_FILE_BYTES = 8 * 1024 * 1024;
const DEFAULT_QUIET_MS = 40;

/** Reads and watches manifest files: each path is a file, or a folder whose .yaml, .yml and .json files count. */
export function createFileSource(paths: readonly string[], options: FileSourceOptions = {}): Source {
  const { recursive = false, maxFileBytes = DEFAULT_MAX_FILE_BYTES, quietMs = DEFAULT_QUIET_MS } = options;
  const limits = { recursive, maxFileBytes };
  return {
    async read() {
      const parts = await Promise.all(paths.map((path) => readPath(path, limits)));
      return { value: parts.flatMap((part) => part.value), problems: parts.flatMap((part) => part.problems) };
    },
    watch: (onChange) => watchPaths(paths, { recursive, quietMs }, onChange),
  };
}

interface Limits {
  readonly recursive: boolean;
  readonly maxFileBytes: number;
}

async function readPath(path: string, { recursive, maxFileBytes }: Limits): Promise<Checked<readonly SourceText[]>> {
  try {
    if (!(await stat(path)).isDirectory()) return await readManifest(path, maxFileBytes);
    const names = await readdir(path, { recursive });
    const files = names.filter((name) => MANIFEST.test(name) && !isHidden(name)).sort();
    if (files.length === 0) {
      return failed(path, "the folder holds no .yaml, .yml or .json file", "name a folder with manifests, or a file");
    }
    const parts = await Promise.all(files.map((name) => readManifest(join(path, name), maxFileBytes)));
    return { value: parts.flatMap((part) => part.value), problems: parts.flatMap((part) => part.problems) };
  } catch (error) {
    return failed(path, reasonOf(error));
  }
}

async function readManifest(file: string, maxFileBytes: number): Promise<Checked<readonly SourceText[]>> {
  try {
    const { size } = await stat(file);
    if (size > maxFileBytes) return failed(file, `the file has ${size} bytes, more than ${maxFileBytes}`, "split it");
    return { value: [{ file, text: await readFile(file, "utf8") }], problems: [] };
  } catch (error) {
    return failed(file, reasonOf(error));
  }
}

function isHidden(name: string): boolean {
  return name.split(/[\\/]/).some((part) => part.startsWith(".") || part === "node_modules");
}

function failed(file: string, message: string, hint?: string): Checked<readonly SourceText[]> {
  const one: Problem = problem("SourceUnreadable", { file, message, ...(hint === undefined ? {} : { hint }) });
  return { value: [], problems: [one] };
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && "code" in error) {
    if (error.code === "ENOENT") return "there is no such file or folder";
    if (error.code === "EACCES") return "it may not be read (permission denied)";
  }
  return error instanceof Error ? error.message : String(error);
}
