import { ApiError, type ApiClient } from "../../kubernetes-api/api-client.ts";
import { keyOf, type KubernetesObject, type ObjectKey } from "../../kubernetes-api/object.ts";
import { RESOURCE, type ResourceType } from "../../kubernetes-api/resource-types.ts";
import { FIELD_MANAGER } from "../rollout/managed-fields.ts";
import type { Write } from "../rollout/rollout-step.ts";

/** The part of an ObjectCache that a writer needs. */
export interface WriterCache {
  get(key: ObjectKey): KubernetesObject | undefined;
  put(object: KubernetesObject): void;
}

/**
 * Why a write was not done. `changed`: the object is not what it was taken for (409, identity). `gone`: it, or its
 * namespace, is no longer there. `refused`: the server will not have it as it is. `later`: it may work next time.
 */
export type WriteFailure = "changed" | "gone" | "refused" | "later";

export interface WriteReport {
  /** Writes that were done, those that changed nothing included. */
  readonly done: number;
  /** The first write that was not done. */
  readonly failed?: { readonly write: Write; readonly why: WriteFailure; readonly error: unknown };
}

/** Counts by kind. */
export interface WriteCounters {
  readonly applied: Record<string, number>;
  /** Of the applied: those after which nothing had changed. */
  readonly unchanged: Record<string, number>;
  readonly deleted: Record<string, number>;
  readonly failed: Record<string, number>;
  readonly patched: Record<string, number>;
}

export interface Writer {
  readonly counters: WriteCounters;
  /**
   * Does the writes in their order. What the server refuses holds up only what builds on it, so that one bad object
   * freezes no other. Where it can't ask somebody's admission webhook, such as that of an istiod that is away, kinds that are
   * not asked about go on; once it is about the path of requests, only what is made anew. Any other failure ends the turn. Never throws.
   */
  perform(writes: readonly Write[]): Promise<WriteReport>;
}

export interface WriterOptions {
  readonly client: Pick<ApiClient, "apply" | "delete" | "patch">;
  /** The cache of a kind, if there is one: it learns what the server answered. */
  readonly cacheOf: (type: ResourceType) => WriterCache | undefined;
  /** Asked before every write: false when this process no longer leads. */
  readonly mayWrite?: () => boolean;
}

type PatchWrite = Extract<Write, { readonly kind: "patch" }>;

const REFUSALS: ReadonlySet<number> = new Set([400, 403, 413, 422]);

/** Another process leads now. */
export class NotLeading extends Error {
  override readonly name = "NotLeading";
}

export function createWriter({ client, cacheOf, mayWrite = () => true }: WriterOptions): Writer {
  const counters: WriteCounters = { applied: {}, unchanged: {}, deleted: {}, failed: {}, patched: {} };

  function checkLeading(): void {
    if (!mayWrite()) throw new NotLeading("another process leads now; nothing was written");
  }

  async function performOne(write: Write): Promise<void> {
    checkLeading();
    switch (write.kind) {
      case "apply":
        return apply(write.type, write.object, write.fieldManager ?? FIELD_MANAGER);
      case "patch":
        return patch(write.type, write.key, write.patch);
      case "delete":
        await client.delete(write.type, write.key, {
          uid: write.uid,
          propagation: write.atOnce === true ? "Background" : "Foreground",
        });
        count(counters.deleted, write.type);
    }
  }

  async function apply(type: ResourceType, object: KubernetesObject, fieldManager: string): Promise<void> {
    const cache = cacheOf(type);
    const before = cache?.get(keyOf(object));
    const answer = await client.apply(type, object, { fieldManager, force: true });
    count(counters.applied, type);
    if (before?.metadata.resourceVersion === answer.metadata.resourceVersion) count(counters.unchanged, type);
    cache?.put(answer);
  }

  async function patch(type: ResourceType, key: ObjectKey, change: PatchWrite["patch"]): Promise<void> {
    try {
      const answer = await client.patch(type, key, change, { fieldManager: FIELD_MANAGER });
      count(counters.patched, type);
      cacheOf(type)?.put(answer);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }

  /** Pods that are there may need what could not be written; nobody is sent to those of an object that was not there yet. */
  function isNew(write: Write): boolean {
    const cache = cacheOf(write.type);
    return write.kind === "apply" && cache !== undefined && cache.get(keyOf(write.object)) === undefined;
  }

  return {
    counters,
    perform: async (writes) => {
      let done = 0;
      let failed: WriteReport["failed"];
      let pathIsBroken = false;
      let pathIsClosed = false;
      const unasked = new Set<string>();
      for (const write of writes) {
        if (unasked.has(write.type.kind) || (pathIsBroken && needsPath(write))) continue;
        if (pathIsClosed && !isNew(write)) continue;
        try {
          await performOne(write);
          done++;
        } catch (error) {
          count(counters.failed, write.type);
          const why = whyNot(error, write);
          failed ??= { write, why, error };
          const isUnasked = isHookAway(error);
          if (why !== "refused" && !isUnasked) break;
          const isOnPath = PATH_KINDS.has(write.type.kind);
          pathIsBroken ||= isOnPath;
          if (!isUnasked) continue;
          unasked.add(write.type.kind);
          pathIsClosed ||= isOnPath;
        }
      }
      return failed === undefined ? { done } : { done, failed };
    },
  };
}

/** What a request passes on its way to a pod. */
const PATH_KINDS: ReadonlySet<string> = new Set(
  [RESOURCE.service, RESOURCE.destinationRule, RESOURCE.virtualService].map(({ kind }) => kind),
);

/** Routes name Services and subsets, and what routes have left is deleted. */
function needsPath({ kind, type }: Write): boolean {
  return kind === "delete" || type.kind === RESOURCE.virtualService.kind;
}

function count(counts: Record<string, number>, { kind }: ResourceType): void {
  counts[kind] = (counts[kind] ?? 0) + 1;
}

/** The server answers, and has nobody to ask whether this kind of object may be written. */
function isHookAway(error: unknown): boolean {
  return error instanceof ApiError && error.status === 500 && error.message.includes("failed calling webhook");
}

function whyNot(error: unknown, write: Write): WriteFailure {
  if (!(error instanceof ApiError)) return "later";
  const isLeaving = error.causes.some(({ reason }) => reason === "NamespaceTerminating");
  if (error.status === 404 || isLeaving) return "gone";
  // A JSON patch whose test does not hold is Invalid.
  if (error.status === 409 || (error.status === 422 && write.kind === "patch")) return "changed";
  return REFUSALS.has(error.status) ? "refused" : "later";
}
