import { readFileSync } from "node:fs";
import { startMeshRig } from "../../control-plane/src/app/cluster/filter-tables/mesh-rig-for-tests.ts";
import type { XdsEvent } from "../../control-plane/src/deliver/xds-server/events.ts";
import { TYPE } from "../../control-plane/src/render/xds/type-urls.ts";
import { MIB } from "./memory.ts";
import { pause, untilTrue } from "./until.ts";

const LOADS = 2;
const LOOKS = 40;
/** Pushes before memory is looked at. */
const WARM_PUSHES = 50;
const ACK_WITHIN_MS = 60_000;

export interface PushReport {
  /** Tables that Envoy has accepted, refused and taken into use, each of another content than the one before. */
  readonly accepted: number;
  readonly refused: number;
  readonly reloads: number;
  readonly requests: number;
  readonly failures: readonly string[];
  /** In the end every request went where the last table says. */
  readonly answeredByLast: boolean;
  /** Resident, Wasm's memory included, and of it what Envoy's own allocator has given out. */
  readonly memoryMib: readonly number[];
  readonly allocatedMib: readonly number[];
  readonly seconds: number;
}

/**
 * Pushes so many tables, one after the other's ACK, to a real Envoy by our xDS server, while requests go through it. It is our
 * own process' Envoy: a control plane in a cluster makes one table a second at most, however many edits there are.
 */
export async function pushTables(count: number): Promise<PushReport> {
  const answers = { ack: 0, nack: 0 };
  const onEvent = (event: XdsEvent): void => {
    if ((event.kind === "ack" || event.kind === "nack") && event.typeUrl === TYPE.filterConfig)
      answers[event.kind] += 1;
  };
  const rig = await startMeshRig({ intervalMs: 0, onEvent });
  try {
    const push = async (weights: Readonly<Record<string, number>>): Promise<void> => {
      const before = answers.ack + answers.nack;
      rig.setWeights(weights);
      await untilTrue("Envoy answers to a table", () => Promise.resolve(answers.ack + answers.nack > before), {
        timeoutMs: ACK_WITHIN_MS,
        everyMs: 1,
      });
    };
    const stat = async (name: string): Promise<number> =>
      Number((await rig.envoy.admin(`/stats?filter=${name}$`)).split(": ")[1]);
    await untilTrue("the first table decides", async () => (await rig.ask()) === "main");
    for (let number = 0; number < WARM_PUSHES; number += 1) await push(weightsOf(number));
    const load = startLoad(() => rig.ask());
    const [acceptedBefore, reloadsBefore] = [answers.ack, await stat("graphway.gateway.config_reload")];
    const memoryMib: number[] = [];
    const allocatedMib: number[] = [];
    const startMs = performance.now();
    for (let number = 1; number <= count; number += 1) {
      await push(number === count ? { main: 0, canary: 100 } : weightsOf(number));
      if (number % Math.ceil(count / LOOKS) !== 0) continue;
      memoryMib.push(residentMib(rig.envoy.pid));
      const { allocated } = JSON.parse(await rig.envoy.admin("/memory")) as { readonly allocated: string };
      allocatedMib.push(Number(allocated) / MIB);
    }
    const seconds = (performance.now() - startMs) / 1000;
    await untilTrue("the last table decides", async () => (await rig.ask()) === "canary");
    const last = await Promise.all(Array.from({ length: 50 }, () => rig.ask()));
    const answeredByLast = last.every((one) => one === "canary");
    const { requests, failures } = await load.stop();
    const accepted = answers.ack - acceptedBefore;
    const reloads = (await stat("graphway.gateway.config_reload")) - reloadsBefore;
    return {
      accepted,
      refused: answers.nack,
      reloads,
      requests,
      failures,
      answeredByLast,
      memoryMib,
      allocatedMib,
      seconds,
    };
  } finally {
    await rig.stop();
  }
}

function residentMib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/** Never the same twice in a row. */
function weightsOf(number: number): Readonly<Record<string, number>> {
  const main = 1 + (number % 97);
  return { main, canary: 100 - main };
}

function startLoad(ask: () => Promise<string>) {
  let isStopped = false;
  let requests = 0;
  const failures: string[] = [];
  const loop = async (): Promise<void> => {
    while (!isStopped) {
      requests += 1;
      const answer = await ask().catch((error: unknown) => String(error));
      if (answer !== "main" && answer !== "canary") failures.push(answer);
      await pause(2);
    }
  };
  const loops = Array.from({ length: LOADS }, loop);
  return {
    stop: async () => {
      isStopped = true;
      await Promise.all(loops);
      return { requests, failures };
    },
  };
}
