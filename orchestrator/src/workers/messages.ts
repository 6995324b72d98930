/** Environment variable that tells a process which worker it is, counted from 1. */
export const WORKER_VARIABLE = "GRAPHWAY_WORKER";

/** What the process that a worker belongs to tells it. */
export type ToWorker =
  /** Whether every worker listens. */
  | { readonly kind: "all-run"; readonly allRun: boolean }
  /** Asks for the worker's own metrics. */
  | { readonly kind: "render"; readonly id: number }
  /** Answers `scrape`: the metrics of all. */
  | { readonly kind: "metrics"; readonly id: number; readonly text: string };

/** What a worker tells the process it belongs to. */
export type FromWorker =
  | { readonly kind: "listening"; readonly ports: Ports }
  /** Asks for the metrics of all workers. */
  | { readonly kind: "scrape"; readonly id: number }
  /** Answers `render`; without an id, the last word of one that ends. */
  | { readonly kind: "rendered"; readonly id: number | undefined; readonly text: string };

export interface Ports {
  readonly http_port: number;
  readonly grpc_port: number;
}
