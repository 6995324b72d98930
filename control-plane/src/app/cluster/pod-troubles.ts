import { isComplete, isGoing, replicasOf, selectorOf } from "../../deliver/rollout/deployment-state.ts";
import { eventTrouble, examinePod, type PodTroubles } from "../../deliver/status/pod-trouble.ts";
import { ApiError, type ApiClient } from "../../kubernetes-api/api-client.ts";
import { sleep, type Clock } from "../../kubernetes-api/clock.ts";
import { limitConcurrency } from "../../kubernetes-api/concurrency.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import type { Look } from "./reconcile.ts";
import type { ReportError } from "./report-error.ts";

export interface PodTroublesOptions {
  readonly client: Pick<ApiClient, "list">;
  readonly clock: Clock;
  /** Only who writes a status needs to know. */
  readonly isLeader: () => boolean;
  /** The troubles of a SeldonDeployment are others now. */
  readonly onChange: (key: string) => void;
  /** Told once when pods may not be read; nobody asks for a while then. */
  readonly onForbidden: (error: ApiError) => void;
  readonly reportError: ReportError;
}

/** Why pods do not come up. They are asked about only while a Deployment is not complete, so nothing is watched or kept. */
export interface PodTroubleFinder {
  /** What is known of a SeldonDeployment; undefined: no trouble. */
  of(key: string): PodTroubles | undefined;
  /** Told what every look found. */
  onLook(look: Pick<Look, "key" | "live">): void;
  forget(key: string): void;
  stop(): Promise<void>;
}

/** Pods that start need a moment, and whoever waits longer is asked about less often. */
const FIRST_LOOK_MS = 4_000;
const LONGEST_PAUSE_MS = 30_000;
const FORBIDDEN_PAUSE_MS = 300_000;
/** Deployments are asked about one after the other, and not faster than this: many may start at once. */
const GAP_MS = 25;
const MOST_PODS = 100;
const MOST_EVENTS = 50;

interface Watched {
  /** Names and generations of its incomplete Deployments: others begin anew. */
  readonly version: string;
  readonly deployments: readonly KubernetesObject[];
  pauseMs: number;
  cancel: () => void;
  troubles: PodTroubles;
}

const NONE: PodTroubles = new Map();

export function findPodTroubles(options: PodTroublesOptions): PodTroubleFinder {
  const { client, clock } = options;
  const watched = new Map<string, Watched>();
  const limit = limitConcurrency(1);
  const stop = new AbortController();
  const running = new Set<Promise<void>>();
  let forbiddenUntilMs = 0;

  async function podTrouble(pod: KubernetesObject): Promise<string | undefined> {
    const found = examinePod(pod);
    if (found.kind !== "silent") return found.kind === "trouble" ? found.text : undefined;
    const { namespace = "", uid = "" } = pod.metadata;
    const fieldSelector = `involvedObject.uid=${uid},type=Warning`;
    const asked = { namespace, fieldSelector, limit: MOST_EVENTS, signal: stop.signal };
    const { items } = await client.list(RESOURCE.event, asked);
    return eventTrouble(pod, items);
  }

  /** Of the newest pod that has any: the others are mostly its like. */
  async function deploymentTrouble(deployment: KubernetesObject): Promise<string | undefined> {
    const labels = Object.entries(selectorOf(deployment)).map(([name, value]) => `${name}=${value}`);
    if (labels.length === 0) return undefined;
    const { namespace = "" } = deployment.metadata;
    const labelSelector = labels.join(",");
    const asked = { namespace, labelSelector, limit: MOST_PODS, signal: stop.signal };
    const { items } = await client.list(RESOURCE.pod, asked);
    const pods = items.filter((pod) => !isGoing(pod)).sort(byAge);
    const finding = pods.map(examinePod).find((one) => one.kind === "trouble");
    if (finding !== undefined) return finding.text;
    const silent = pods.find((pod) => examinePod(pod).kind === "silent");
    return silent && podTrouble(silent);
  }

  async function read({ deployments }: Watched): Promise<PodTroubles> {
    const troubles = new Map<string, string>();
    for (const deployment of deployments) {
      if (stop.signal.aborted) break;
      const trouble = await deploymentTrouble(deployment);
      if (trouble !== undefined) troubles.set(deployment.metadata.name, trouble);
      await sleep(clock, GAP_MS, stop.signal);
    }
    return troubles;
  }

  async function look(key: string, one: Watched): Promise<void> {
    if (options.isLeader() && clock.monotonicMs() >= forbiddenUntilMs) {
      try {
        const troubles = await limit(() => read(one));
        if (watched.get(key) !== one) return;
        const isNew = textOf(troubles) !== textOf(one.troubles);
        one.troubles = troubles;
        if (isNew) options.onChange(key);
      } catch (error) {
        if (!stop.signal.aborted) fail(key, error);
      }
    }
    if (watched.get(key) === one) schedule(key, one, Math.min(one.pauseMs * 2, LONGEST_PAUSE_MS));
  }

  function fail(key: string, error: unknown): void {
    if (error instanceof ApiError && error.status === 403) {
      if (clock.monotonicMs() >= forbiddenUntilMs) options.onForbidden(error);
      forbiddenUntilMs = clock.monotonicMs() + FORBIDDEN_PAUSE_MS;
    } else {
      options.reportError(`asking for the pods of ${key}`, error, { key });
    }
  }

  function schedule(key: string, one: Watched, pauseMs: number): void {
    one.pauseMs = pauseMs;
    one.cancel = clock.after(pauseMs, () => {
      const work = look(key, one);
      running.add(work);
      void work.finally(() => running.delete(work));
    });
  }

  function forget(key: string): void {
    watched.get(key)?.cancel();
    watched.delete(key);
  }

  return {
    of: (key) => watched.get(key)?.troubles,
    onLook({ key, live }) {
      const deployments = live.deployments.filter((one) => !isGoing(one) && replicasOf(one) > 0 && !isComplete(one));
      const version = deployments.map(({ metadata: { uid, generation } }) => `${uid ?? ""}@${generation ?? 0}`).join();
      if (watched.get(key)?.version === version) return;
      forget(key);
      if (version === "" || stop.signal.aborted) return;
      const one = { version, deployments, pauseMs: 0, cancel: () => undefined, troubles: NONE };
      watched.set(key, one);
      schedule(key, one, FIRST_LOOK_MS);
    },
    forget,
    async stop() {
      stop.abort();
      for (const key of [...watched.keys()]) forget(key);
      await Promise.all(running);
    },
  };
}

function byAge(a: KubernetesObject, b: KubernetesObject): number {
  return (a.metadata.creationTimestamp ?? "") < (b.metadata.creationTimestamp ?? "") ? 1 : -1;
}

function textOf(troubles: PodTroubles): string {
  return JSON.stringify([...troubles]);
}
