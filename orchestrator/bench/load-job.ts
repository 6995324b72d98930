import type { Latencies } from "./latencies.ts";
import type { Transport } from "./sizes.ts";

/** What to call, for how long: `seconds`, or until `requests` were answered. */
export interface LoadJob {
  readonly transport: Transport;
  readonly port: number;
  readonly path: string;
  /** The body, or the message, in base64. */
  readonly body: string;
  readonly contentType: string;
  readonly connections: number;
  readonly seconds: number;
  readonly requests?: number;
}

export interface LoadFigures {
  readonly calls: number;
  readonly elapsedMs: number;
  readonly totalMs: number;
  readonly latencies: Latencies;
}
