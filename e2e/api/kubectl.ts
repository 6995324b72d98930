import { join } from "node:path";
import { findCluster, ClusterError, type Cluster } from "../cluster/cluster.ts";
import { ProgramError } from "../cluster/setup/run-program.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const TIMEOUT_MS = 180_000;

/** The cluster of this checkout; throws when none is up. */
export async function clusterOfCheckout(): Promise<Cluster> {
  const found = await findCluster(ROOT);
  if (found === undefined) throw new ClusterError("no cluster of this checkout is up: npm run cluster -- up");
  return found;
}

/** What a command of kubectl said, and whether it went well. */
export interface Said {
  readonly ok: boolean;
  readonly out: string;
  /** Standard error: warnings, or why not. */
  readonly error: string;
}

/** `kubectl` in one namespace, as a user calls it. */
export class Kubectl {
  readonly cluster: Cluster;
  readonly namespace: string;

  constructor(cluster: Cluster, namespace: string) {
    this.cluster = cluster;
    this.namespace = namespace;
  }

  async try(args: readonly string[], manifest?: unknown): Promise<Said> {
    const lines: string[] = [];
    const input = manifest === undefined ? {} : { input: JSON.stringify(manifest) };
    try {
      const options = { ...input, timeoutMs: TIMEOUT_MS, onLine: (line: string) => lines.push(line) };
      const out = await this.cluster.run(["kubectl", "--namespace", this.namespace, ...args], options);
      return { ok: true, out, error: lines.join("\n") };
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      return { ok: false, out: "", error: lines.join("\n") };
    }
  }

  /** Standard output; throws with what kubectl said when it fails. */
  async run(args: readonly string[], manifest?: unknown): Promise<string> {
    const { ok, out, error } = await this.try(args, manifest);
    if (!ok) throw new Error(`kubectl ${args.join(" ")}: ${error}`);
    return out;
  }

  /** An object as the API server has it. */
  async json(args: readonly string[], manifest?: unknown): Promise<Stored> {
    return JSON.parse(await this.run([...args, "--output", "json"], manifest)) as Stored;
  }
}

/** An object of the API server. */
export interface Stored {
  readonly apiVersion: string;
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly spec: Fields;
  readonly status?: Fields;
}

export type Fields = Readonly<Record<string, unknown>>;
