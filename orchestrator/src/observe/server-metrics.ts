import type { Graph } from "../graph/graph.ts";
import type { DurationFamily } from "./duration-family.ts";
import { KnownSeries } from "./known-series.ts";

/** Durations of the requests of clients. */
export class ServerMetrics {
  readonly #known: KnownSeries;

  constructor(family: DurationFamily, graph: Pick<Graph, "deployment" | "predictor" | "predictorVersion">) {
    const { deployment, predictor, predictorVersion } = graph;
    this.#known = new KnownSeries((service, method, code) =>
      family.series([code, deployment, method, predictor, predictorVersion, service]),
    );
  }

  /** `service` is predictions, feedback, status, metadata, or a gRPC full method. */
  observe(service: string, method: string, code: string, seconds: number, nowMs = performance.now()): void {
    this.#known.find(service, method, code).observe(seconds, nowMs);
  }
}
