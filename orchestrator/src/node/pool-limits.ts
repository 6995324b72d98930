import type { ClientTls } from "../tls/client-tls.ts";

/** How much of a node is used at this moment. */
export interface PoolLoad {
  /** Calls that have a connection, or are on their way to one. */
  readonly inUse: number;
  /** Calls that wait for a connection, or for a stream on one. */
  readonly waiting: number;
}

/** How much of a node the orchestrator may use at once. */
export interface PoolLimits {
  /** Per node, over REST. */
  readonly connections: number;
  /** Calls beyond as many: over REST those that wait for a connection. More are refused with 503. */
  readonly queue: number;
  readonly connectTimeoutMs: number;
  /** Larger replies are refused. */
  readonly maxReplyBytes: number;
  /** Undefined: connections are plain. */
  readonly tls?: ClientTls | undefined;
}
