import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const root = join(import.meta.dirname, "..", "..");
/** Python environments that run.mjs installs. */
export const SELDON_ENV = join(root, ".graphway", "python-seldon", "bin");
export const V2_ENV = join(root, ".graphway", "python-v2", "bin");

const READY_DEADLINE_MS = 200_000;

/** A server in a process group of its own, and what it said. */
export interface ServerProcess {
  readonly output: () => string;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) killGroup(child);
});

/** Starts a server and waits until `isReady`; its workers end with it. */
export async function startServer(
  file: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
  isReady: () => Promise<boolean>,
): Promise<ServerProcess> {
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1", PYTHONUNBUFFERED: "1", ...options.env };
  const child = spawn(file, args, { cwd: options.cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  const closed = once(child, "close");
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const stop = async (): Promise<void> => {
    killGroup(child);
    await closed;
    running.delete(child);
  };
  const endMs = Date.now() + READY_DEADLINE_MS;
  while (!(await isReady())) {
    if (child.exitCode === null && Date.now() < endMs) {
      await pause(50);
      continue;
    }
    await stop();
    throw new Error(`${file} ${args.join(" ")} is not ready:\n${output}`);
  }
  return { output: () => output, stop };
}

/** Runs a program to its end; the JSON of each line it wrote. */
export async function runForJson(file: string, args: readonly string[], cwd: string): Promise<readonly unknown[]> {
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  running.delete(child);
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}:\n${output}\n${errors}`);
  return output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as unknown);
}

/** True when a GET is answered with 200. */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
