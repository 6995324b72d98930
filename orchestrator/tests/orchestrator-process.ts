import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** A running orchestrator process. */
export interface OrchestratorProcess {
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly log: readonly string[];
  /** Sends a signal and waits for the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** The same for a process that is ending already: sends the signal until it counts. */
  endAtOnce(signal: NodeJS.Signals): Promise<number | null>;
}

const bin = join(import.meta.dirname, "..", "bin", "orchestrator.mjs");
const IDENTITY = ["--sdep", "iris", "-namespace=default", "--predictor", "main", "--http_port=0", "--grpc_port=0"];

/** Starts the orchestrator and waits for its line "listening". */
export async function startProcess(
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<OrchestratorProcess> {
  const child = spawnOrchestrator(flags, env);
  const log: string[] = [];
  const lines = createInterface({ input: child.stdout });
  const ports = await new Promise<{ http_port: number; grpc_port: number }>((resolve, reject) => {
    lines.on("line", (line) => {
      log.push(line);
      const entry = JSON.parse(line) as { msg: string; http_port: number; grpc_port: number };
      if (entry.msg === "listening") resolve(entry);
    });
    child.once("exit", (code) => {
      reject(new Error(`exit ${code}: ${log.join("\n")}`));
    });
  });
  return {
    httpPort: ports.http_port,
    grpcPort: ports.grpc_port,
    child,
    log,
    end: async (signal) => {
      const exit = once(child, "exit") as Promise<[number | null]>;
      child.kill(signal);
      return (await exit)[0];
    },
    endAtOnce: async (signal) => {
      const exit = once(child, "exit") as Promise<[number | null]>;
      const again = setInterval(() => child.kill(signal), 50);
      const [code] = await exit;
      clearInterval(again);
      return code;
    },
  };
}

/** Runs the orchestrator to its end: exit code and what it wrote. */
export async function runProcess(
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const child = spawnOrchestrator(flags, env);
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdout.resume();
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stderr };
}

/** Those that run: none outlives us. */
const running = new Set<ChildProcessByStdio<null, Readable, Readable>>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

function spawnOrchestrator(flags: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [bin, ...IDENTITY, ...flags], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

/** ENGINE_PREDICTOR of one model at the given ports. */
export function enginePredictor(httpPort: number, grpcPort: number): string {
  const endpoint = { service_host: "127.0.0.1", service_port: httpPort, httpPort, grpcPort };
  const spec = { name: "main", graph: { name: "m0", type: "MODEL", endpoint } };
  return Buffer.from(JSON.stringify(spec)).toString("base64");
}
