import { readdirSync, readFileSync } from "node:fs";
import { isReady, type KubeObject } from "./kube.ts";
import { deployment, predictor } from "./manifest.ts";
import { NotRun } from "./scenario.ts";
import { until, untilTrue } from "./until.ts";
import type { World } from "./world.ts";

const LABELS = "app.kubernetes.io/name=graphway";
/** The chart's default. */
const METRICS_PORT = 8080;
/** In the command line of the control plane in its container. */
const PROGRAM = "control-plane.mjs";

/** What the webhook has nothing against. */
const ASKED = deployment("asked", { predictors: [predictor("default")] });

/** The installed control plane, for scenarios that hurt it. */
export class Operator {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  async pods(): Promise<readonly KubeObject[]> {
    const { kube, target } = this.#world;
    const pods = await kube.list("Pod", target.operatorNamespace, LABELS);
    return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** Ends it without a word, as a crash of its node would; another pod takes its place. */
  async kill(): Promise<void> {
    const { kube, target } = this.#world;
    if (target.nodePid !== undefined) killBelow(target.nodePid, PROGRAM);
    const pods = await this.pods();
    for (const { metadata } of pods) await kube.delete("Pod", target.operatorNamespace, metadata.name, 0);
  }

  async untilReady(): Promise<void> {
    await untilTrue("the control plane is ready", async () => {
      const pods = await this.pods();
      return pods.length > 0 && pods.every(isReady);
    });
    await this.#untilAsked();
  }

  /** Runs so many of it; resolves once they are ready. */
  async scale(replicas: number): Promise<void> {
    const { kube, target } = this.#world;
    const name = await this.#deployment();
    await kube.patch("Deployment", target.operatorNamespace, name, { spec: { replicas } });
    await untilTrue(`${replicas} control planes run, and no other is about to end`, async () => {
      const pods = await kube.list("Pod", target.operatorNamespace, LABELS);
      return pods.length === replicas && pods.every(isReady);
    });
    if (replicas > 0) await this.#untilAsked();
  }

  /** A new pod is ready a moment before its Service leads there: waits until the API server reaches the webhook. */
  async #untilAsked(): Promise<void> {
    const { kube, namespace } = this.#world;
    await until("the webhook is reached", () => kube.apply(ASKED, namespace, "&dryRun=All"));
  }

  /** Orchestrators that are connected to each of them, as its metrics say. */
  async streams(): Promise<readonly number[]> {
    const { kube, target } = this.#world;
    const read = async (pod: string): Promise<number> => {
      const path = `/api/v1/namespaces/${target.operatorNamespace}/pods/${pod}:${METRICS_PORT}/proxy/metrics`;
      const { text } = (await kube.call("GET", path)) as { readonly text: string };
      return Number(/^graphway_xds_streams (\d+)$/m.exec(text)?.[1] ?? NaN);
    };
    const pods = await this.pods();
    return Promise.all(pods.map(({ metadata }) => read(metadata.name)));
  }

  /** The Lease of the one that writes. */
  async lease(): Promise<KubeObject> {
    const { kube, target } = this.#world;
    return until("the lease has a holder", async () => {
      const leases = await kube.list("Lease", target.operatorNamespace);
      return leases.find(({ spec }) => typeof spec?.["holderIdentity"] === "string" && spec["holderIdentity"] !== "");
    });
  }

  /** Waits until one that runs holds the lease, and may write. */
  async untilLed(): Promise<void> {
    await untilTrue("a control plane that runs leads", async () => {
      const { spec } = await this.lease();
      const holder = String(spec?.["holderIdentity"]);
      return (await this.pods()).some(({ metadata }) => holder.startsWith(`${metadata.name}_`));
    });
  }

  async #deployment(): Promise<string> {
    const { kube, target } = this.#world;
    const [found] = await kube.list("Deployment", target.operatorNamespace, LABELS);
    if (found === undefined) throw new Error(`there is no control plane in ${target.operatorNamespace}`);
    return found.metadata.name;
  }
}

/** Ends the API server as a crash would; the node starts it again. Only where the node is ours. */
export function crashApiServer({ target }: World): void {
  if (target.nodePid === undefined) throw new NotRun("the API server of this target is somebody else's");
  killBelow(target.nodePid, "kube-apiserver");
}

/** SIGKILL to the processes below `ancestor` whose first words name this program. Throws when there is none. */
function killBelow(ancestor: number, program: string): void {
  const found = readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && wordsOf(pid).some((word) => word.endsWith(program)) && isBelow(pid, ancestor));
  if (found.length === 0) throw new Error(`no process ${program} runs on the node`);
  for (const pid of found) endNow(pid);
}

function endNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function wordsOf(pid: number): readonly string[] {
  return readProc(pid, "cmdline").split("\0").slice(0, 2);
}

function isBelow(pid: number, ancestor: number): boolean {
  for (let at = pid; at > 1; at = Number(/^PPid:\s+(\d+)/m.exec(readProc(at, "status"))?.[1] ?? 0)) {
    if (at === ancestor) return true;
  }
  return false;
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    // It has ended meanwhile.
    return "";
  }
}
