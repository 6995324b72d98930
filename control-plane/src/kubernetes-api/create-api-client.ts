import { readError, readObject } from "./answers.ts";
import {
  ApiError,
  ApiUnreachable,
  type ApiClient,
  type ApplyOptions,
  type ListOptions,
  type ObjectPage,
  type WatchEvent,
  type WatchOptions,
} from "./api-client.ts";
import type { ClusterAccess } from "./cluster-access.ts";
import { limitConcurrency } from "./concurrency.ts";
import type { KubernetesObject, ObjectKey, ObjectMetadata } from "./object.ts";
import { collectionPath, groupPath, objectPath, query } from "./paths.ts";
import { readWatch } from "./read-watch.ts";
import type { ResourceType } from "./resource-types.ts";
import { createTransport, type Answer, type Call, type TransportLimits } from "./transport.ts";

export interface ApiClientOptions extends Partial<TransportLimits> {
  readonly access: ClusterAccess;
  /** Writes at a time; more than that wait in line. Default 16. */
  readonly concurrentWrites?: number;
  /** Bytes of one watch event. Default 16 MiB. */
  readonly longestEventBytes?: number;
  /** Told after every call that was answered, and every one that was not (status 0). */
  readonly onCall?: (call: CallReport) => void;
}

export interface CallReport {
  readonly verb: "get" | "list" | "watch" | "apply" | "create" | "replace" | "patch" | "delete" | "discover";
  readonly kind: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly durationMs: number;
}

/** An ApiClient with its connections. */
export interface OpenApiClient extends ApiClient {
  /** Base URL of the API server. */
  readonly server: string;
  /** The namespace that is meant when none is named. */
  readonly namespace: string | undefined;
  /** Cuts off what is still running. */
  close(): Promise<void>;
}

/** Defaults of an ApiClient's limits. */
const API_CLIENT_LIMITS = {
  connections: 16,
  connectTimeoutMs: 5_000,
  callTimeoutMs: 30_000,
  largestAnswerBytes: 256 * 1024 * 1024,
  concurrentWrites: 16,
  longestEventBytes: 16 * 1024 * 1024,
} as const;

/** Makes a client of the API server that `access` leads to. Opens connections when they are needed. */
export function createApiClient(options: ApiClientOptions): OpenApiClient {
  const limits = { ...API_CLIENT_LIMITS, ...options };
  const transport = createTransport(options.access, limits);
  const limitWrites = limitConcurrency(limits.concurrentWrites);

  async function timed<T extends { readonly status: number }>(
    verb: CallReport["verb"],
    kind: string,
    run: () => Promise<T>,
  ): Promise<T> {
    const startedMs = performance.now();
    const report = (status: number): void => {
      options.onCall?.({ verb, kind, status, durationMs: performance.now() - startedMs });
    };
    try {
      const answer = await run();
      report(answer.status);
      return answer;
    } catch (error) {
      report(0);
      throw error;
    }
  }

  const read = (verb: CallReport["verb"], type: ResourceType, call: Call): Promise<Answer> =>
    timed(verb, type.kind, () => transport.call(call));
  const write = async (verb: CallReport["verb"], type: ResourceType, call: Call): Promise<KubernetesObject> =>
    readObject(await limitWrites(() => timed(verb, type.kind, () => transport.call(call)))) as KubernetesObject;

  return {
    server: options.access.server,
    namespace: options.access.namespace,
    close: () => transport.close(),

    get: async (type, key) => {
      const answer = await read("get", type, { method: "GET", path: objectPath(type, key) });
      return answer.status === 404 ? undefined : (readObject(answer) as KubernetesObject);
    },

    list: async (type, list = {}) => {
      const path = collectionPath(type, list.namespace) + query({ ...selectors(list), ...paging(list) });
      return readPage(type, await read("list", type, { method: "GET", path, ...signalOf(list) }));
    },

    watch: (type, watch) => openWatch(type, watch),

    apply: (type, object, apply) =>
      write("apply", type, {
        method: "PATCH",
        path: objectPath(type, keyOf(type, object), apply.subresource) + query(applyParameters(apply)),
        contentType: "application/apply-patch+yaml",
        body: JSON.stringify(withoutManagedFields(object)),
      }),

    create: (type, object) =>
      write("create", type, {
        method: "POST",
        path: collectionPath(type, type.namespaced ? keyOf(type, object).namespace : undefined),
        body: JSON.stringify(object),
      }),

    replace: (type, object) =>
      write("replace", type, {
        method: "PUT",
        path: objectPath(type, keyOf(type, object)),
        body: JSON.stringify(object),
      }),

    patch: (type, key, patch, patchOptions = {}) =>
      write("patch", type, {
        method: "PATCH",
        path: objectPath(type, key, patchOptions.subresource) + query({ fieldManager: patchOptions.fieldManager }),
        contentType: Array.isArray(patch) ? "application/json-patch+json" : "application/merge-patch+json",
        body: JSON.stringify(patch),
      }),

    delete: async (type, key, deletion = {}) => {
      const body = JSON.stringify({
        kind: "DeleteOptions",
        apiVersion: "v1",
        ...(deletion.uid === undefined ? {} : { preconditions: { uid: deletion.uid } }),
        ...(deletion.propagation === undefined ? {} : { propagationPolicy: deletion.propagation }),
      });
      const call: Call = { method: "DELETE", path: objectPath(type, key), body };
      const answer = await limitWrites(() => timed("delete", type.kind, () => transport.call(call)));
      if (answer.status !== 404) readObject(answer);
    },

    serves: async (type) => {
      const answer = await read("discover", type, { method: "GET", path: groupPath(type.apiVersion) });
      return answer.status !== 404 && listsKind(readObject(answer), type);
    },
  };

  async function* openWatch(type: ResourceType, watch: WatchOptions): AsyncGenerator<WatchEvent> {
    const parameters = {
      watch: 1,
      allowWatchBookmarks: true,
      resourceVersion: watch.resourceVersion,
      timeoutSeconds: watch.timeoutSeconds,
      ...selectors(watch),
    };
    const path = collectionPath(type, watch.namespace) + query(parameters);
    const answer = await timed("watch", type.kind, () => transport.stream({ method: "GET", path, ...signalOf(watch) }));
    try {
      if (answer.status !== 200) throw readError({ ...answer, text: await answer.body.text() });
      yield* readWatch(answer.body as AsyncIterable<Uint8Array>, limits.longestEventBytes);
    } catch (error) {
      if (error instanceof ApiError || error instanceof ApiUnreachable) throw error;
      throw new ApiUnreachable(`the watch of ${type.plural} was cut off: ${String(error)}`, { cause: error });
    } finally {
      answer.body.destroy();
    }
  }
}

function selectors(options: Pick<ListOptions, "labelSelector" | "fieldSelector">) {
  return { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector };
}

function paging(options: Pick<ListOptions, "limit" | "continue">) {
  return { limit: options.limit, continue: options.continue };
}

function signalOf(options: { readonly signal?: AbortSignal }): { readonly signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal };
}

function applyParameters(apply: ApplyOptions) {
  return {
    fieldManager: apply.fieldManager,
    force: apply.force ?? true,
    dryRun: apply.dryRun === true ? "All" : undefined,
  };
}

function keyOf(type: ResourceType, object: KubernetesObject): ObjectKey {
  return { namespace: type.namespaced ? (object.metadata.namespace ?? "") : "", name: object.metadata.name };
}

/** The server refuses to be told who owns what. */
function withoutManagedFields(object: KubernetesObject): KubernetesObject {
  if (object.metadata.managedFields === undefined) return object;
  const fields = Object.entries(object.metadata).filter(([name]) => name !== "managedFields");
  return { ...object, metadata: Object.fromEntries(fields) as unknown as ObjectMetadata };
}

interface RawList {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly Partial<KubernetesObject>[] | null;
}

/** Items of a list do not say what they are; these do. */
function readPage(type: ResourceType, answer: Answer): ObjectPage {
  const list = readObject(answer) as RawList;
  const items = (list.items ?? []).map(
    (item) => ({ apiVersion: type.apiVersion, kind: type.kind, ...item }) as KubernetesObject,
  );
  const next = list.metadata?.continue;
  return { items, resourceVersion: list.metadata?.resourceVersion ?? "", ...(next ? { continue: next } : {}) };
}

function listsKind(list: unknown, type: ResourceType): boolean {
  const { resources = [] } = list as {
    readonly resources?: readonly { readonly name: string; readonly kind: string }[];
  };
  return resources.some(({ name, kind }) => name === type.plural && kind === type.kind);
}
