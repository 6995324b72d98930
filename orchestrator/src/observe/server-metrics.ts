import type { Graph } from "../graph/graph.ts";
import type { DurationSeries } from "./histogram.ts";
import type { DurationFamily } from "./registry.ts";

/** Durations of the requests of clients. */
export class ServerMetrics {
  readonly #family: DurationFamily;
  readonly #identity: Readonly<Record<string, string>>;
  readonly #known = new Map<string, DurationSeries>();

  constructor(family: DurationFamily, graph: Pick<Graph, "deployment" | "predictor" | "predictorVersion">) {
    this.#family = family;
    this.#identity = {
      deployment_name: graph.deployment,
      predictor_name: graph.predictor,
      predictor_version: graph.predictorVersion,
    };
  }

  /** `service` is predictions, feedback, status, metadata, or a gRPC full method. */
  observe(service: string, method: string, code: string, seconds: number): void {
    const key = `${service} ${method} ${code}`;
    let series = this.#known.get(key);
    if (series === undefined) {
      series = this.#family.series({ ...this.#identity, service, method, code });
      this.#known.set(key, series);
    }
    series.observe(seconds, performance.now());
  }
}
