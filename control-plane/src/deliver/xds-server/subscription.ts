import type { EncodedResource } from "../../render/xds/resource.ts";

/** The name that stands for everything. */
export const WILDCARD = "*";

/** What a client says of one type, in either variant of the protocol. */
export interface SubscriptionRequest {
  /** Nonce of the response it answers; empty when it answers none. */
  readonly responseNonce: string;
  /** Why the client refuses that response; undefined when it does not. */
  readonly errorMessage: string | undefined;
  /** Name -> version of what it still has from an earlier stream; only in the delta variant. */
  readonly initialVersions?: ReadonlyMap<string, string>;
}

/** A resource under the name by which the client knows it. */
export interface SentResource {
  readonly name: string;
  readonly resource: EncodedResource;
  /** True when the client is not known to have had the name before. */
  readonly isNew: boolean;
}

/** One response of one type, not yet in bytes. */
export interface SubscriptionResponse {
  readonly nonce: string;
  /** Version of the whole response: a hash of the versions in it. */
  readonly versionInfo: string;
  readonly resources: readonly SentResource[];
  /** Names that are gone; only in the delta variant. */
  readonly removed: readonly string[];
}

/** What a request told of an earlier response. */
export type Receipt =
  | { readonly kind: "none" }
  /** It spoke of a response that is not the newest. */
  | { readonly kind: "stale" }
  | { readonly kind: "ack"; readonly response: SubscriptionResponse }
  | { readonly kind: "nack"; readonly response: SubscriptionResponse; readonly message: string };

/** What a client asks for. */
export interface Interest {
  readonly wildcard: boolean;
  readonly names: ReadonlySet<string>;
  /** Grows with every change of the other two. */
  readonly revision: number;
}

export interface SendingOptions {
  /** False: what is gone stays a while, because something on the stream may still name it. */
  readonly allowRemovals: boolean;
}

/**
 * One type on one stream: what the client wants, what it has, what it refused. Knows nothing of sockets or clocks. At most
 * one response is unanswered at any time, and the newest content wins.
 */
export interface Subscription<Request extends SubscriptionRequest> {
  receive(request: Request): Receipt;
  /** Tells of names, as the client knows them, whose resources changed. */
  mark(names: Iterable<string>): void;
  /** The next response, if one is due and none is unanswered. Calling it means that the response is sent. */
  next(options: SendingOptions): SubscriptionResponse | undefined;
  readonly awaitsAnswer: boolean;
  /** True when content, not counting removals, is waiting to be sent. */
  hasContentDue(): boolean;
  /** True when removals are waiting for leave. */
  hasRemovalsDue(): boolean;
  /** True while the client goes on with an older version because it refused the newest it was sent. */
  readonly isRefusing: boolean;
  /** True when the client has asked for the name. */
  wants(name: string): boolean;
  /** True when the client has accepted or refused this version of the name. */
  hasAnswered(name: string, version: string): boolean;
  /**
   * Has a name that the client wants go out once more, because something of the client's waits for it anew. False where such a
   * client asks again by itself.
   */
  repeat(name: string): boolean;
  /** What the client asks for. */
  interest(): Interest;
}
