import type { RunLog } from "../execute/run.ts";
import type { CurrentGraph } from "../walk/served-graph.ts";
import type { Graph, Protocol } from "../graph/graph.ts";
import type { Identity } from "../graph/draft.ts";
import type { Observer } from "../observe/observer.ts";
import type { LoggedClient } from "../observe/payload-log/run-log.ts";

/** What both servers need to know of the rest. */
export interface ServerContext {
  readonly identity: Identity;
  readonly current: CurrentGraph;
  /** What is served until there is a graph, which says so itself. */
  readonly protocol: Protocol;
  /** Larger requests are refused: 413, RESOURCE_EXHAUSTED. */
  readonly maxBodyBytes: number;
  /** Whether the branches taken are written into the answer's `meta` (SELDON_ENABLE_ROUTING_INJECTION). */
  readonly injectsRouting: boolean;
  /** Random numbers in [0, 1) for A/B tests. */
  readonly random: () => number;
  /** True when every node can be reached and the process is not shutting down. */
  readonly isReady: () => Promise<boolean>;
  /** True from the first signal to stop. */
  readonly isDraining: () => boolean;
  /** The log of one request's payloads; asked for only where a node of the graph has a logger. */
  readonly logRun: (graph: Graph, client: LoggedClient) => RunLog | undefined;
  readonly observer: Observer;
  readonly logError: (message: string, error: unknown) => void;
}
