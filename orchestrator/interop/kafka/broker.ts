import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A message as the independent consumer read it. */
export interface ReadMessage {
  readonly value: Buffer;
  readonly hasKey: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly timestampMs: number;
}

export interface Broker {
  /** host:port */
  readonly address: string;
  /** PEM of its certificate; empty without TLS. */
  readonly ca: string;
  readonly messages: readonly ReadMessage[];
  stop(): Promise<void>;
}

export interface BrokerProgram {
  /** Flags as in main.go. */
  start(flags?: readonly string[]): Promise<Broker>;
  remove(): Promise<void>;
}

/** Why the broker can't be built here; false when it can. */
export function whyNoBroker(): string | false {
  return spawnSync("go", ["version"]).status === 0 ? false : "the broker is built with Go, which is not in PATH";
}

/** Builds the broker of this folder with Go; the first time it fetches its modules. */
export async function buildBroker(): Promise<BrokerProgram> {
  const folder = await mkdtemp(join(tmpdir(), "graphway-kafka-"));
  const program = join(folder, "broker");
  const build = spawn("go", ["build", "-o", program, "."], { cwd: import.meta.dirname, stdio: "inherit" });
  const [code] = (await once(build, "exit")) as [number | null];
  if (code !== 0) throw new Error(`go build ended with ${code}`);
  return {
    start: (flags = []) => startBroker(program, flags),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function startBroker(program: string, flags: readonly string[]): Promise<Broker> {
  const child = spawn(program, flags, { stdio: ["pipe", "pipe", "inherit"] });
  const messages: ReadMessage[] = [];
  const lines = createInterface({ input: child.stdout });
  const [first] = (await once(lines, "line")) as [string];
  lines.on("line", (line) => {
    const read = JSON.parse(line) as Omit<ReadMessage, "value"> & { readonly value: string };
    messages.push({ ...read, value: Buffer.from(read.value, "base64") });
  });
  const { address, ca } = JSON.parse(first) as { readonly address: string; readonly ca: string };
  return {
    address,
    ca,
    messages,
    stop: async () => {
      if (child.exitCode !== null) return;
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    },
  };
}
