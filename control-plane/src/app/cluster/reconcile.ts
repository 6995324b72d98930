import type { EventRecorder } from "../../deliver/kubernetes/events.ts";
import type { WriteFailure, Writer } from "../../deliver/kubernetes/writer.ts";
import type { ProgrammedCount } from "../../deliver/programmed/programmed.ts";
import type {
  LiveObjects,
  RolloutInput,
  RolloutMemo,
  RolloutSettings,
  RolloutStep,
  Write,
} from "../../deliver/rollout/rollout-step.ts";
import type { PodTroubles } from "../../deliver/status/pod-trouble.ts";
import type { SeldonDeploymentStatus } from "../../deliver/status/seldon-status.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import type { LoadedPolicy } from "../../model/model.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { CredentialSource } from "../../plan/workloads/server/download-credentials.ts";
import type { Problem } from "../../problem/problem.ts";
import { splitKey, type ClusterCaches } from "./cluster-caches.ts";
import type { DownloadSecrets } from "./download-secrets.ts";
import type { GraphShelf } from "./graph-shelf.ts";
import type { Planner } from "./planner.ts";
import { portsInUse } from "./ports-in-use.ts";
import { isOurs, type SelectionRules } from "./selection.ts";

export interface ReconcilerOptions {
  readonly caches: Pick<ClusterCaches, "deployment" | "namespace" | "policiesFor" | "live" | "takeovers" | "put">;
  readonly planner: Planner;
  readonly secrets: DownloadSecrets;
  readonly shelf: GraphShelf;
  readonly selection: SelectionRules;
  readonly settings: () => RolloutSettings;
  readonly decide: (input: RolloutInput) => RolloutStep;
  readonly writer: Pick<Writer, "perform">;
  /** The object as it is then; undefined: there was nothing to write. */
  readonly writeStatus: (
    resource: KubernetesObject,
    status: SeldonDeploymentStatus,
  ) => Promise<KubernetesObject | undefined>;
  /** Tells policies what became of them. */
  readonly tellPolicies: (policies: readonly KubernetesObject[], target: PolicyTarget) => Promise<void>;
  readonly events: Pick<EventRecorder, "record">;
  readonly programmed: (key: string) => ProgrammedCount | undefined;
  /** See RolloutInput. */
  readonly podTroubles?: (key: string) => PodTroubles | undefined;
  /** Problems that a deployment must tell of and that are not in it, such as missing kinds. */
  readonly clusterProblems: (key: string) => readonly Problem[];
  /** Only then is anything written. */
  readonly isLeader: () => boolean;
  /** Told what every look found. */
  readonly onLook?: (look: Look) => void;
  /** Told of a change of state, once it is written; `before` undefined: it had none. */
  readonly onState?: (key: string, now: SeldonDeploymentStatus, before: string | undefined) => void;
  /** Told that there is nothing of ours any more by that key. */
  readonly onForget?: (key: string) => void;
  /** See RolloutInput. */
  readonly routed?: (key: string) => ReadonlySet<string> | undefined;
  readonly nowMs?: () => number;
}

/** What a policy targets: what was found of it; `absent`: it is not there; `foreign`: another control plane's. */
export type PolicyTarget = Look | "absent" | "foreign";

/** What one look at a SeldonDeployment found, and what is next for it. */
export interface Look {
  readonly key: string;
  readonly resource: KubernetesObject;
  /** Of an invalid version the last one that was good. */
  readonly plan: DeploymentPlan | undefined;
  readonly live: LiveObjects;
  readonly problems: readonly Problem[];
  /** What became of the RoutePolicies that target it. */
  readonly policies: readonly LoadedPolicy[];
  readonly step: RolloutStep;
}

/** Who only looks looks again no sooner: what it waits for may be the leader's to write. */
const FOLLOWER_PAUSE_MS = 1000;

/** Looks at one SeldonDeployment anew and does what is next for it. */
export interface Reconciler {
  /** Only looks: its graphs are on the shelf then. Undefined: there is nothing of ours to look at. */
  look(key: string): Look | undefined;
  /** After how many milliseconds to look again even if nothing changes. Throws what the API server said. */
  turn(key: string): Promise<number | undefined>;
}

export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { caches, planner, shelf, programmed, events, writer } = options;
  const nowMs = options.nowMs ?? Date.now;
  const memos = new Map<string, { readonly uid: string; readonly memo: RolloutMemo }>();

  function forget(key: string): void {
    planner.forget(key);
    memos.delete(key);
    shelf.remove(key);
    options.onForget?.(key);
  }

  function find(key: string): KubernetesObject | undefined {
    const resource = caches.deployment(key);
    const namespace = caches.namespace(splitKey(key).namespace);
    return resource !== undefined && isOurs(resource, namespace, options.selection) ? resource : undefined;
  }

  /** Undefined: there is nothing of ours to look at. */
  function findToLookAt(key: string): KubernetesObject | undefined {
    const resource = find(key);
    if (resource === undefined) forget(key);
    // Its objects go with it; its orchestrators keep their graph to the end.
    return resource?.metadata.deletionTimestamp === undefined ? resource : undefined;
  }

  function lookAt(key: string, resource: KubernetesObject, credentialsOf: CredentialSource): Look {
    const uid = resource.metadata.uid ?? "";
    const live = caches.live(uid);
    const planned = planner.plan({
      key,
      resource,
      policies: caches.policiesFor(key),
      portsInUse: portsInUse(live.deployments),
      credentialsOf,
    });
    const problems = [...planned.problems, ...options.clusterProblems(key)];
    const counts = programmed(key);
    const memo = memos.get(key);
    const routed = options.routed?.(key);
    const podTroubles = options.podTroubles?.(key);
    const step = options.decide({
      resource,
      plan: planned.plan,
      ...(planned.planBeside === undefined ? {} : { planBeside: planned.planBeside }),
      problems,
      live,
      takeovers: caches.takeovers(key),
      nowMs: nowMs(),
      settings: options.settings(),
      ...(counts === undefined ? {} : { programmed: counts }),
      ...(routed === undefined ? {} : { routed }),
      ...(podTroubles === undefined ? {} : { podTroubles }),
      ...(memo?.uid === uid ? { memo: memo.memo } : {}),
    });
    return { key, resource, plan: planned.plan, live, problems, policies: planned.policies, step };
  }

  function note(found: Look): void {
    shelf.update(found);
    options.onLook?.(found);
  }

  async function carryOut({ key, resource, step }: Look): Promise<void> {
    memos.delete(key);
    const { failed } = await writer.perform(step.writes);
    if (failed !== undefined) {
      if (isForUsers(failed.why) && options.isLeader())
        await tellOfFailure(resource, step.status, failed.write, failed.error);
      throw failed.error;
    }
    memos.set(key, { uid: resource.metadata.uid ?? "", memo: step.memo });
    // The last write may have taken long; whoever leads by then tells what there is to tell.
    if (!options.isLeader()) return;
    events.record(resource, step.events);
    await say(resource, step.status);
  }

  async function say(resource: KubernetesObject, status: SeldonDeploymentStatus): Promise<void> {
    const written = await options.writeStatus(resource, status);
    if (written === undefined) return;
    caches.put(written);
    const before = (resource["status"] as Partial<SeldonDeploymentStatus> | undefined)?.state;
    const { namespace = "", name } = resource.metadata;
    if (before !== status.state) options.onState?.(`${namespace}/${name}`, status, before);
  }

  async function tellOfFailure(
    resource: KubernetesObject,
    status: SeldonDeploymentStatus,
    write: Write,
    error: unknown,
  ): Promise<void> {
    const message = `${describeWrite(write)}: ${error instanceof Error ? error.message : String(error)}`;
    events.record(resource, [{ type: "Warning", reason: "InternalError", message }]);
    const conditions = status.conditions.map((one) =>
      one.type === "Ready" ? { ...one, status: "False" as const, reason: "InternalError", message } : one,
    );
    const failed: SeldonDeploymentStatus = { ...status, state: "Failed", description: message, conditions };
    await say(resource, failed);
  }

  return {
    look(key) {
      const resource = findToLookAt(key);
      if (resource === undefined) return undefined;
      const found = lookAt(key, resource, options.secrets.known(splitKey(key).namespace));
      note(found);
      return found;
    },
    async turn(key) {
      if (findToLookAt(key) === undefined) {
        const target = caches.deployment(key) === undefined ? "absent" : "foreign";
        if (options.isLeader()) await options.tellPolicies(caches.policiesFor(key), target);
        return undefined;
      }
      const found = await options.secrets.planWith(splitKey(key).namespace, (credentialsOf) => {
        const resource = findToLookAt(key);
        return resource && lookAt(key, resource, credentialsOf);
      });
      if (found === undefined) return undefined;
      note(found);
      if (!options.isLeader()) return found.step.againAfterMs && Math.max(found.step.againAfterMs, FOLLOWER_PAUSE_MS);
      try {
        await carryOut(found);
      } finally {
        if (options.isLeader()) await options.tellPolicies(caches.policiesFor(key), found);
      }
      return found.step.againAfterMs;
    },
  };
}

/** That the API server is away, or that somebody was faster, is nothing a user can do anything about. */
function isForUsers(why: WriteFailure): boolean {
  return why === "refused";
}

function describeWrite(write: Write): string {
  const name = write.kind === "apply" ? write.object.metadata.name : write.key.name;
  return `${write.type.kind} ${name} can't be written`;
}
