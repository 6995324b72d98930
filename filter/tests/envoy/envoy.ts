import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findEnvoy } from "../../../scripts/envoy.mjs";
import { FILTER_PATH } from "../host/filter-file.ts";
import { bootstrap, filterResource } from "./bootstrap.ts";

const DEADLINE_MS = 30_000;

/** Asks again and again until there is an answer, or fails after half a minute. */
export async function poll<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + DEADLINE_MS;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await delay(20);
  }
  throw new Error(`waited in vain for ${what}`);
}

/** A running Envoy with our filter. */
export class FilterEnvoy {
  readonly #folder: string;
  readonly #child: ReturnType<typeof spawn>;
  readonly #said: string[] = [];
  #admin = "";
  #version = 0;

  private constructor(folder: string, child: ReturnType<typeof spawn>) {
    this.#folder = folder;
    this.#child = child;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#said.push(text));
  }

  #mustRun(): void {
    if (this.#child.exitCode !== null) throw new Error("it ended");
  }

  async #isLive(): Promise<true | undefined> {
    this.#mustRun();
    const answer = await this.admin("/ready").catch(() => "");
    return answer.startsWith("LIVE") ? true : undefined;
  }

  /** Starts Envoy with a table and clusters by name and port of loopback, and waits until it listens. */
  static async start(table: Uint8Array, clusters: Readonly<Record<string, number>>): Promise<FilterEnvoy> {
    const { path } = await findEnvoy();
    const folder = await mkdtemp(join(tmpdir(), "graphway-filter-envoy-"));
    const [filterFile, bootstrapFile, adminFile] = ["filter.json", "bootstrap.json", "admin"].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    await writeFile(filterFile, JSON.stringify(filterResource(FILTER_PATH, table, "1")));
    await writeFile(bootstrapFile, JSON.stringify(bootstrap(filterFile, clusters)));
    const words = [
      "-c",
      bootstrapFile,
      "--use-dynamic-base-id",
      "--concurrency",
      "1",
      "-l",
      "warning",
      "--admin-address-path",
      adminFile,
    ];
    const envoy = new FilterEnvoy(folder, spawn(path, words, { stdio: ["ignore", "ignore", "pipe"] }));
    try {
      envoy.#admin = await poll("Envoy's admin address", async () => {
        envoy.#mustRun();
        const text = await readFile(adminFile, "utf8").catch(() => "");
        return text === "" ? undefined : text;
      });
      await poll("Envoy to be live", () => envoy.#isLive());
    } catch (error) {
      await envoy.stop();
      throw new Error(`Envoy did not start: ${envoy.log}`, { cause: error });
    }
    return envoy;
  }

  get log(): string {
    return this.#said.join("");
  }

  async admin(path: string): Promise<string> {
    return (await fetch(`http://${this.#admin}${path}`)).text();
  }

  async portOf(listener: string): Promise<number> {
    const line = (await this.admin("/listeners")).split("\n").find((one) => one.startsWith(`${listener}::`));
    return Number(line?.split(":").at(-1));
  }

  /** The value of a statistic whose name ends so; 0 when it is not there yet. */
  async stat(end: string): Promise<number> {
    const line = (await this.admin("/stats?usedonly&filter=graphway"))
      .split("\n")
      .find((one) => one.includes(`${end}: `));
    return Number(line?.split(": ")[1] ?? 0);
  }

  /** Gives the filter another table. Envoy sees the file move into place. */
  async push(table: Uint8Array): Promise<void> {
    this.#version += 1;
    const next = join(this.#folder, "next.json");
    await writeFile(next, JSON.stringify(filterResource(FILTER_PATH, table, `push-${this.#version}`)));
    await rename(next, join(this.#folder, "filter.json"));
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill("SIGKILL");
      await once(this.#child, "exit");
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}
