import type { CurrentGraph } from "../execute/served-graph.ts";
import type { Identity } from "../graph/draft.ts";

/** What both servers need to know of the rest. */
export interface ServerContext {
  readonly identity: Identity;
  readonly current: CurrentGraph;
  /** Larger requests are refused: 413, RESOURCE_EXHAUSTED. */
  readonly maxBodyBytes: number;
  /** Random numbers in [0, 1) for A/B tests. */
  readonly random: () => number;
  /** True when every node can be reached and the process is not shutting down. */
  readonly isReady: () => Promise<boolean>;
  /** True from the first signal to stop. */
  readonly isDraining: () => boolean;
  readonly logError: (message: string, error: unknown) => void;
}
