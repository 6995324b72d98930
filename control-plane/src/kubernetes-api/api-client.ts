import type { KubernetesObject, ObjectKey } from "./object.ts";
import type { ResourceType } from "./resource-types.ts";

export interface ListOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Objects per page; 0: all at once. */
  readonly limit?: number;
  /** From the page before. */
  readonly continue?: string;
  readonly signal?: AbortSignal;
}

export interface ObjectPage {
  readonly items: readonly KubernetesObject[];
  readonly resourceVersion: string;
  /** Absent on the last page. */
  readonly continue?: string;
}

export interface WatchOptions extends Pick<ListOptions, "namespace" | "labelSelector" | "fieldSelector" | "signal"> {
  readonly resourceVersion: string;
  /** The server ends the watch after this long. */
  readonly timeoutSeconds: number;
}

/** `bookmark` carries a resourceVersion only. */
export interface WatchEvent {
  readonly type: "added" | "modified" | "deleted" | "bookmark";
  readonly object: KubernetesObject;
}

export interface ApplyOptions {
  readonly fieldManager: string;
  /** Takes fields over from other managers. Default true. */
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly subresource?: "status" | "scale";
}

export interface DeleteOptions {
  /** Deletes the object of this identity only. */
  readonly uid?: string;
  readonly propagation?: "Foreground" | "Background" | "Orphan";
}

/** What the control plane asks of a Kubernetes API server. Every method throws ApiError, or ApiUnreachable. */
export interface ApiClient {
  /** Undefined: there is none. */
  get(type: ResourceType, key: ObjectKey): Promise<KubernetesObject | undefined>;
  list(type: ResourceType, options?: ListOptions): Promise<ObjectPage>;
  /** Ends when the server ends it; throws ApiError (410: the version is too old) for errors inside the stream. */
  watch(type: ResourceType, options: WatchOptions): AsyncIterable<WatchEvent>;
  /** Server-side apply; the object as it is then. */
  apply(type: ResourceType, object: KubernetesObject, options: ApplyOptions): Promise<KubernetesObject>;
  create(type: ResourceType, object: KubernetesObject): Promise<KubernetesObject>;
  /** Fails with 409 when `metadata.resourceVersion` is no longer the newest. */
  replace(type: ResourceType, object: KubernetesObject): Promise<KubernetesObject>;
  /** JSON merge patch (an object) or JSON patch (a list of operations). */
  patch(
    type: ResourceType,
    key: ObjectKey,
    patch: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[],
    options?: { readonly subresource?: "status" | "scale"; readonly fieldManager?: string },
  ): Promise<KubernetesObject>;
  /** Quiet when there is none. */
  delete(type: ResourceType, key: ObjectKey, options?: DeleteOptions): Promise<void>;
  /** True when the server knows the kind. */
  serves(type: ResourceType): Promise<boolean>;
}

/** One thing that the API server found wrong, of `details.causes` in its answer. */
export interface ApiErrorCause {
  /** `FieldValueInvalid`, `FieldManagerConflict`, … */
  readonly reason: string;
  /** Path of the field; empty when the server names none. */
  readonly field: string;
  readonly message: string;
}

/** The API server said no. */
export class ApiError extends Error {
  /** HTTP status: 404, 409, 410, 422, 429, 500, … */
  readonly status: number;
  /** Kubernetes' word for it: `NotFound`, `Conflict`, `Expired`, `Invalid`, … */
  readonly reason: string;
  /** How long the server asks to wait. */
  readonly retryAfterMs: number | undefined;
  readonly causes: readonly ApiErrorCause[];

  constructor(
    status: number,
    reason: string,
    message: string,
    retryAfterMs?: number,
    causes: readonly ApiErrorCause[] = [],
  ) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
    this.causes = causes;
  }
}

/** No answer came: refused, reset, timed out, cut off, or nothing that an API server would say. */
export class ApiUnreachable extends Error {
  override readonly name = "ApiUnreachable";
}
