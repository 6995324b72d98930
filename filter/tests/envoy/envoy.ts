import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findEnvoy } from "../../../scripts/envoy.mjs";
import { FILTER_PATH } from "../host/filter-file.ts";
import { bootstrap, filterResource } from "./bootstrap.ts";

const DEADLINE_MS = 60_000;

/** Asks again and again until there is an answer, or fails after a minute. */
export async function poll<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + DEADLINE_MS;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await delay(20);
  }
  throw new Error(`waited in vain for ${what}`);
}

/** A running Envoy of one worker, in a folder of its own. */
export class RunningEnvoy {
  readonly folder: string;
  readonly #child: ReturnType<typeof spawn>;
  readonly #said: string[] = [];
  #admin = "";

  private constructor(folder: string, child: ReturnType<typeof spawn>) {
    this.folder = folder;
    this.#child = child;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#said.push(text));
  }

  /** Starts Envoy with the bootstrap that `prepare` makes, which may write files into the folder, and waits until it listens. */
  static async start(prepare: (folder: string) => Promise<object>): Promise<RunningEnvoy> {
    const { path } = await findEnvoy();
    const folder = await mkdtemp(join(tmpdir(), "graphway-filter-envoy-"));
    const [bootstrapFile, adminFile] = [join(folder, "bootstrap.json"), join(folder, "admin")];
    await writeFile(bootstrapFile, JSON.stringify(await prepare(folder)));
    const options = ["--use-dynamic-base-id", "--concurrency", "1", "-l", "warning", "--admin-address-path", adminFile];
    const child = spawn(path, ["-c", bootstrapFile, ...options], { stdio: ["ignore", "ignore", "pipe"] });
    const envoy = new RunningEnvoy(folder, child);
    try {
      envoy.#admin = await poll("Envoy's admin address", () => envoy.#readAdmin(adminFile));
      await poll("Envoy to be live", () => envoy.#isLive());
    } catch (error) {
      await envoy.stop();
      throw new Error(`Envoy did not start: ${envoy.log}`, { cause: error });
    }
    return envoy;
  }

  #mustRun(): void {
    if (this.#child.exitCode !== null) throw new Error("it ended");
  }

  async #readAdmin(file: string): Promise<string | undefined> {
    this.#mustRun();
    const text = await readFile(file, "utf8").catch(() => "");
    return text === "" ? undefined : text;
  }

  async #isLive(): Promise<true | undefined> {
    this.#mustRun();
    const answer = await this.admin("/ready").catch(() => "");
    return answer.startsWith("LIVE") ? true : undefined;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
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

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill("SIGKILL");
      await once(this.#child, "exit");
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A running Envoy with our filter. */
export class FilterEnvoy {
  readonly #envoy: RunningEnvoy;
  #version = 0;

  private constructor(envoy: RunningEnvoy) {
    this.#envoy = envoy;
  }

  /** Starts Envoy with a table and clusters by name and port of loopback. */
  static async start(table: Uint8Array, clusters: Readonly<Record<string, number>>): Promise<FilterEnvoy> {
    const envoy = await RunningEnvoy.start(async (folder) => {
      const filterFile = join(folder, "filter.json");
      await writeFile(filterFile, JSON.stringify(filterResource(FILTER_PATH, table, "1")));
      return bootstrap(filterFile, clusters);
    });
    return new FilterEnvoy(envoy);
  }

  get log(): string {
    return this.#envoy.log;
  }

  portOf(listener: string): Promise<number> {
    return this.#envoy.portOf(listener);
  }

  /** The value of a statistic whose name ends so; 0 when it is not there yet. */
  async stat(end: string): Promise<number> {
    const lines = (await this.#envoy.admin("/stats?usedonly&filter=graphway")).split("\n");
    return Number(lines.find((one) => one.includes(`${end}: `))?.split(": ")[1] ?? 0);
  }

  /** Gives the filter another table. Envoy sees the file move into place. */
  async push(table: Uint8Array): Promise<void> {
    this.#version += 1;
    const next = join(this.#envoy.folder, "next.json");
    await writeFile(next, JSON.stringify(filterResource(FILTER_PATH, table, `push-${this.#version}`)));
    await rename(next, join(this.#envoy.folder, "filter.json"));
  }

  stop(): Promise<void> {
    return this.#envoy.stop();
  }
}
