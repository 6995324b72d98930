import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { isGoing } from "./deployment-state.ts";

interface Template {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: { readonly containers?: readonly { readonly image?: string; readonly ports?: readonly Port[] }[] };
}

interface Port {
  readonly containerPort: number;
}

/** A pod that answers. */
export interface AvailablePod {
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly number[];
}

interface Pod extends AvailablePod {
  readonly template: string;
  /** Its image never starts. */
  readonly broken: boolean;
  available: boolean;
}

interface PodSet {
  observed: { readonly generation: number; readonly replicas: number; readonly template: Template } | undefined;
  pods: Pod[];
  /** Ticks since the Deployment last came nearer to what it is to be. */
  idleTicks: number;
}

/** After as many ticks without progress a Deployment says that it has given up. */
const PROGRESS_DEADLINE_TICKS = 40;

function podOf(template: Template): Pod {
  const broken = template.spec?.containers?.some((one) => one.image?.includes("broken")) ?? false;
  const ports = template.spec?.containers?.flatMap((one) => one.ports ?? []).map((one) => one.containerPort) ?? [];
  return {
    template: JSON.stringify(template),
    labels: template.metadata?.labels ?? {},
    ports,
    broken,
    available: false,
  };
}

/** What Deployments do with their pods: one surplus, none unavailable, in steps that take their time. */
export class SimulatedPods {
  readonly #sets = new Map<string, PodSet>();

  add(uid: string): void {
    this.#sets.set(uid, { observed: undefined, pods: [], idleTicks: 0 });
  }

  available(): readonly AvailablePod[] {
    return [...this.#sets.values()].flatMap((set) => set.pods.filter((one) => one.available));
  }

  /** One pod that answers stops doing so. */
  crash(index: number): void {
    const running = [...this.#sets.values()].flatMap((set) => set.pods.filter((one) => one.available));
    const pod = running[index % Math.max(running.length, 1)];
    if (pod !== undefined) pod.available = false;
  }

  /** `status` of a Deployment as it is at this instant. */
  statusOf(uid: string): unknown {
    return this.#statusOf(this.#sets.get(uid) ?? { observed: undefined, pods: [], idleTicks: 0 });
  }

  tick(deployment: KubernetesObject, chance: () => number): { readonly gone: boolean; readonly status: unknown } {
    const uid = deployment.metadata.uid ?? "";
    const set = this.#sets.get(uid) ?? { observed: undefined, pods: [], idleTicks: 0 };
    if (isGoing(deployment)) {
      if (chance() < 0.5) set.pods.pop();
      const gone = set.pods.length === 0;
      if (gone) this.#sets.delete(uid);
      return { gone, status: this.#statusOf(set) };
    }
    if (chance() < 0.6) {
      const { replicas, template } = deployment["spec"] as { readonly replicas: number; readonly template: Template };
      set.observed = { generation: deployment.metadata.generation ?? 0, replicas, template: structuredClone(template) };
    }
    const before = JSON.stringify(set.pods);
    for (const pod of set.pods) if (!pod.broken && chance() < 0.4) pod.available = true;
    if (set.observed !== undefined && chance() < 0.8) this.#scale(set, set.observed);
    const isDone = set.pods.every((one) => one.available) && set.pods.length === set.observed?.replicas;
    set.idleTicks = isDone || JSON.stringify(set.pods) !== before ? 0 : set.idleTicks + 1;
    return { gone: false, status: this.#statusOf(set) };
  }

  #scale(set: PodSet, { replicas, template }: NonNullable<PodSet["observed"]>): void {
    const text = JSON.stringify(template);
    const isNew = (pod: Pod): boolean => pod.template === text;
    const newest = set.pods.filter(isNew);
    if (newest.length < replicas && set.pods.length < replicas + Math.max(1, Math.ceil(replicas / 4))) {
      set.pods.push(podOf(template));
    }
    const availableCount = (): number => set.pods.filter((one) => one.available).length;
    const drop = (pod: Pod): void => void set.pods.splice(set.pods.indexOf(pod), 1);
    for (const pod of newest.slice(replicas)) if (!pod.available || availableCount() > replicas) drop(pod);
    for (const pod of set.pods.filter((one) => !isNew(one))) {
      if (!pod.available || availableCount() > replicas) drop(pod);
    }
  }

  #statusOf({ observed, pods, idleTicks }: PodSet): unknown {
    const replicas = pods.length;
    const available = pods.filter((one) => one.available).length;
    const text = JSON.stringify(observed?.template);
    const enough = available >= (observed?.replicas ?? 1);
    return {
      observedGeneration: observed?.generation ?? 0,
      replicas,
      updatedReplicas: pods.filter((one) => one.template === text).length,
      readyReplicas: available,
      availableReplicas: available,
      unavailableReplicas: Math.max((observed?.replicas ?? 0) - available, replicas - available),
      conditions: [
        {
          type: "Available",
          status: enough ? "True" : "False",
          reason: enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
          message: enough ? "Deployment has minimum availability." : "Deployment does not have minimum availability.",
        },
        idleTicks < PROGRESS_DEADLINE_TICKS
          ? { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable", message: "" }
          : { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "" },
      ],
    };
  }
}
