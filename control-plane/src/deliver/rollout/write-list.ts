import { keyOf, type KubernetesObject } from "../../kubernetes-api/object.ts";
import type { ResourceType } from "../../kubernetes-api/resource-types.ts";
import { isGoing } from "./deployment-state.ts";
import { takeOverPatch } from "./managed-fields.ts";
import { isSeldons, MARK, markOf } from "./marks.ts";
import { missing } from "./missing.ts";
import type { RolloutInput, RolloutMemo, Write } from "./rollout-step.ts";

/** A write that did not help is tried again after this. */
const RETRY_MS = 300_000;

/** Live objects that have what was last compared with them: most turns see the same pairs again. */
const alike = new WeakMap<KubernetesObject, KubernetesObject>();

/** Of Istio's objects the whole spec is ours, as in Seldon 1.17.1; of others what we say. */
function mismatchOf(wanted: KubernetesObject, live: KubernetesObject): string | undefined {
  if (alike.get(live) === wanted) return undefined;
  if (markOf(live, "hash") !== markOf(wanted, "hash") || isSeldons(live)) return "hash";
  const isIstio = wanted.apiVersion.startsWith("networking.istio.io/");
  const found = missing(wanted, live) ?? (isIstio ? missing(live["spec"], wanted["spec"]) : undefined);
  if (found === undefined) alike.set(live, wanted);
  return found;
}

/** Kinds in the order in which they are written: what is named before what names it, pods before routes to them. */
const ORDER: readonly string[] = [
  "Service",
  "DestinationRule",
  "HorizontalPodAutoscaler",
  "ScaledObject",
  "PodDisruptionBudget",
  "Deployment",
  "VirtualService",
];

/** The writes of one turn. */
export class WriteList {
  readonly memo = new Map<string, { readonly mismatch: string; readonly writtenAtMs: number }>();
  readonly #changes: { readonly order: number; readonly write: Write }[] = [];
  readonly #notes: Write[] = [];
  readonly #removals: Write[] = [];
  readonly #before: RolloutMemo;
  readonly #nowMs: number;
  #againAfterMs = Infinity;

  constructor({ memo, nowMs }: Pick<RolloutInput, "memo" | "nowMs">) {
    this.#before = memo ?? new Map();
    this.#nowMs = nowMs;
  }

  /** In the order in which they are to be made: changes, then annotations, then removals. */
  get writes(): readonly Write[] {
    const changes = this.#changes.toSorted((a, b) => a.order - b.order).map((one) => one.write);
    return [...changes, ...this.#notes, ...this.#removals];
  }

  /** Undefined: nothing is to be looked at again by time alone. */
  get againAfterMs(): number | undefined {
    return this.#againAfterMs === Infinity ? undefined : this.#againAfterMs;
  }

  lookAgainIn(ms: number): void {
    this.#againAfterMs = Math.min(this.#againAfterMs, Math.max(ms, 1));
  }

  /**
   * Writes an object unless the cluster has it, `first` before it. True when the cluster has it, or when the same write
   * did not help lately: then somebody else has the last word on that field.
   */
  bring(
    type: ResourceType,
    wanted: KubernetesObject,
    live: KubernetesObject | undefined,
    first: readonly Write[] = [],
  ): boolean {
    if (live !== undefined) {
      if (isGoing(live)) return false;
      const mismatch = mismatchOf(wanted, live);
      if (mismatch === undefined) return true;
      if (mismatch !== "hash" && this.#wroteInVain(wanted, mismatch)) return true;
      this.#takeOver(type, wanted, live);
      for (const write of first) this.#change(type, write);
    }
    this.#change(type, { kind: "apply", type, object: wanted });
    return false;
  }

  /** Removes an object and makes it anew, for what the server does not let change. */
  replace(type: ResourceType, wanted: KubernetesObject, live: KubernetesObject): void {
    if (isGoing(live)) return;
    this.#change(type, { kind: "delete", type, key: keyOf(live), uid: live.metadata.uid ?? "", atOnce: true });
    this.#change(type, { kind: "apply", type, object: wanted });
  }

  #change(type: ResourceType, write: Write): void {
    this.#changes.push({ order: ORDER.indexOf(type.kind), write });
  }

  /** What Seldon's operator wrote becomes ours first, so that leaving a field out removes it. */
  #takeOver(type: ResourceType, wanted: KubernetesObject, live: KubernetesObject): void {
    const patch = takeOverPatch(wanted, live);
    if (patch !== undefined) this.#change(type, { kind: "patch", type, key: keyOf(live), patch });
  }

  #wroteInVain(wanted: KubernetesObject, path: string): boolean {
    const key = `${wanted.kind}/${wanted.metadata.name}`;
    const mismatch = `${markOf(wanted, "hash")} ${path}`;
    const before = this.#before.get(key);
    const known = before?.mismatch === mismatch && this.#nowMs - before.writtenAtMs < RETRY_MS;
    this.memo.set(key, known ? before : { mismatch, writtenAtMs: this.#nowMs });
    if (known) this.lookAgainIn(before.writtenAtMs + RETRY_MS - this.#nowMs);
    return known;
  }

  /** Sets or removes (null) an annotation. */
  annotate(type: ResourceType, live: KubernetesObject, mark: keyof typeof MARK, value: string | null): void {
    const patch = { metadata: { annotations: { [MARK[mark]]: value } } };
    this.#notes.push({ kind: "patch", type, key: keyOf(live), patch });
  }

  remove(type: ResourceType, live: KubernetesObject): void {
    if (isGoing(live)) return;
    this.#removals.push({ kind: "delete", type, key: keyOf(live), uid: live.metadata.uid ?? "" });
  }
}
