import { spawn } from "node:child_process";
import { runProgram } from "../cluster/setup/run-program.ts";
import { NotRun } from "./scenario.ts";
import { untilTrue } from "./until.ts";
import type { World } from "./world.ts";

/** Whose TCP is lost: what this address serves on these ports, or what it asks of anybody's ports. */
export interface Cut {
  readonly address: string;
  readonly as: "server" | "client";
  readonly ports: readonly number[];
}

/** After addresses of Services have become those of pods: what comes from pods, and what the node itself sends. */
const HOOKS = ["prerouting", "output"] as const;

let count = 0;

/**
 * Packets that are lost without a word, as by a broken switch: connections stay as they are, and nobody is told. The rules belong to
 * a process that ends with this one, however that ends; the kernel takes them away then.
 */
export class Partition {
  readonly #table: string;
  readonly #end: () => Promise<void>;

  private constructor(table: string, end: () => Promise<void>) {
    this.#table = table;
    this.#end = end;
  }

  /** Resolves once packets are lost. Healed at the latest when the scenario ends. */
  static async begin(world: World, cuts: readonly Cut[]): Promise<Partition> {
    if (world.target.nodePid === undefined) throw new NotRun("the network of this target is somebody else's");
    const table = `graphway_e2e_${String(process.pid)}_${String((count += 1))}`;
    let end = (): Promise<void> => Promise.resolve();
    world.atEnd(() => end());
    const nft = spawn("nft", ["--interactive"], { stdio: ["pipe", "ignore", "pipe"] });
    let said = "";
    const note = (error: Error): void => void (said += error.message);
    nft.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    // It has ended, and says why itself.
    nft.stdin.on("error", note);
    const ended = new Promise<void>((resolve) => {
      nft.once("exit", () => {
        resolve();
      });
      nft.once("error", (error) => {
        note(error);
        resolve();
      });
    });
    end = async () => {
      nft.stdin.end();
      await ended;
    };
    const partition = new Partition(table, end);
    nft.stdin.write(`${commandsFor(table, cuts).join("\n")}\n`);
    const rules = HOOKS.length * 2 * cuts.length;
    const isOver = (): boolean => nft.pid === undefined || nft.exitCode !== null || nft.signalCode !== null;
    await untilTrue("packets are lost", async () => isOver() || (await partition.#rules()).length === rules, {
      describe: () => said,
    });
    if (isOver()) {
      await ended;
      throw new Error(`nft has ended: ${said}`);
    }
    return partition;
  }

  /** How many packets have been lost so far. */
  async lost(): Promise<number> {
    return (await this.#rules()).reduce((sum, one) => sum + one, 0);
  }

  async heal(): Promise<void> {
    await this.#end();
  }

  /** What each rule has taken. */
  async #rules(): Promise<readonly number[]> {
    const said = await runProgram("nft", ["list", "table", "inet", this.#table]);
    return [...said.matchAll(/counter packets (\d+) bytes \d+ drop/g)].map(([, packets]) => Number(packets));
  }
}

function commandsFor(table: string, cuts: readonly Cut[]): readonly string[] {
  return [
    `add table inet ${table} { flags owner; }`,
    ...HOOKS.flatMap((hook) => [
      `add chain inet ${table} ${hook} { type filter hook ${hook} priority 0; policy accept; }`,
      ...cuts.flatMap(matchesOf).map((match) => `add rule inet ${table} ${hook} ${match} counter drop`),
    ]),
  ];
}

/** What it sends, and what it gets. */
function matchesOf({ address, as, ports }: Cut): readonly string[] {
  const [own, other] = as === "server" ? ["sport", "dport"] : ["dport", "sport"];
  const set = `{ ${ports.join(", ")} }`;
  return [`ip saddr ${address} tcp ${own} ${set}`, `ip daddr ${address} tcp ${other} ${set}`];
}
