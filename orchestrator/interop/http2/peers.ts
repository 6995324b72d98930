import { spawn, spawnSync, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

const H2SPEC = "github.com/summerwind/h2spec/cmd/h2spec";

/** What one kind of calls came to: how many ended with which code, and how many answers were not the right ones. */
export interface Tally {
  readonly what: string;
  readonly codes: Readonly<Record<string, number>>;
  readonly wrong: number;
}

/** A running node of grpc-go, which answers with what it gets. */
export interface GoNode {
  readonly port: number;
  stop(): Promise<void>;
}

/** The programs of this folder. */
export interface Peers {
  readonly folder: string;
  /** Path of h2spec. */
  readonly h2spec: string;
  /** Runs grpc-go's client with flags as in client.go; `onLine` hears what it says as it says it. */
  call(flags: readonly string[], onLine?: (tally: Tally) => void): Promise<readonly Tally[]>;
  /** Starts a node with flags as in server.go. */
  startNode(flags?: readonly string[]): Promise<GoNode>;
  remove(): Promise<void>;
}

/** Why the peers can't be built here; false when they can. */
export function whyNoPeers(): string | false {
  return spawnSync("go", ["version"]).status === 0
    ? false
    : "grpc-go and h2spec are built with Go, which is not in PATH";
}

/** Builds them with Go; the first time it fetches their modules. */
export async function buildPeers(): Promise<Peers> {
  const folder = await mkdtemp(join(tmpdir(), "graphway-http2-"));
  const program = join(folder, "peers");
  const h2spec = join(folder, "h2spec");
  await build(program, ".");
  await build(h2spec, H2SPEC);
  return {
    folder,
    h2spec,
    call: (flags, onLine = () => {}) => runClient(program, flags, onLine),
    startNode: (flags = []) => startNode(program, flags),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function build(to: string, what: string): Promise<void> {
  const child = spawn("go", ["build", "-o", to, what], { cwd: import.meta.dirname, stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`go build ended with ${code}`);
}

async function runClient(program: string, flags: readonly string[], onLine: (tally: Tally) => void) {
  const child = spawn(program, ["client", ...flags], { stdio: ["ignore", "pipe", "inherit"] });
  const tallies: Tally[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    const tally = JSON.parse(line) as Tally;
    tallies.push(tally);
    onLine(tally);
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`the client ended with ${code}`);
  return tallies;
}

async function startNode(program: string, flags: readonly string[]): Promise<GoNode> {
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(program, ["server", ...flags], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return {
    port: (JSON.parse(line) as { readonly port: number }).port,
    stop: async () => {
      if (child.exitCode !== null) return;
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    },
  };
}
