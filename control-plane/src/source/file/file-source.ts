import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { stdin as processStdin } from "node:process";
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
  /** What the path `-` means. Default: standard input. */
  readonly stdin?: AsyncIterable<Uint8Array>;
}

/** The path that means standard input, as with kubectl. It is read once and can't be watched. */
export const STDIN_PATH = "-";
/** How problems name standard input. */
const STDIN_NAME = "standard input";

const MANIFEST = /\.(ya?ml|json)$/;
const DEFAULT_MAX_FILE_BYTES = 8 * 1024 * 1024;
const DEFAULT_QUIET_MS = 40;

/** Reads and watches manifest files: each path is a file, a folder whose .yaml, .yml and .json files count, or `-`. */
export function createFileSource(paths: readonly string[], options: FileSourceOptions = {}): Source {
  const { recursive = false, maxFileBytes = DEFAULT_MAX_FILE_BYTES, quietMs = DEFAULT_QUIET_MS } = options;
  const limits = { recursive, maxFileBytes };
  let fromStdin: Promise<Checked<readonly SourceText[]>> | undefined;
  const readOne = (path: string): Promise<Checked<readonly SourceText[]>> => {
    if (path !== STDIN_PATH) return readPath(path, limits);
    fromStdin ??= readStdin(options.stdin ?? processStdin, maxFileBytes);
    return fromStdin;
  };
  return {
    async read() {
      const parts = await Promise.all(paths.map(readOne));
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

/** Ends with the first byte above the limit: what comes may have no end. */
async function readStdin(
  stdin: AsyncIterable<Uint8Array>,
  maxFileBytes: number,
): Promise<Checked<readonly SourceText[]>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stdin) {
      bytes += chunk.byteLength;
      if (bytes > maxFileBytes) return failed(STDIN_NAME, `it has more than ${maxFileBytes} bytes`, "split it");
      chunks.push(chunk);
    }
  } catch (error) {
    return failed(STDIN_NAME, reasonOf(error));
  }
  return { value: [{ file: STDIN_NAME, text: Buffer.concat(chunks).toString("utf8") }], problems: [] };
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
