import type { Graph, GraphNode } from "../graph/graph.ts";
import { grpcCodeName } from "./grpc-codes.ts";
import type { DurationSeries } from "./histogram.ts";
import type { DurationFamily } from "./registry.ts";

/** Durations of the calls to the nodes of one graph version. */
export class ClientMetrics {
  readonly #family: DurationFamily;
  readonly #graph: Graph;
  /** Per node: service and code -> series. */
  readonly #known: Map<string, DurationSeries>[];

  constructor(family: DurationFamily, graph: Graph) {
    this.#family = family;
    this.#graph = graph;
    this.#known = graph.nodes.map(() => new Map<string, DurationSeries>());
  }

  /** `service` is the path or the full method; `code` the HTTP status or the gRPC code's name. */
  observe(node: GraphNode, service: string, method: string, code: string, seconds: number): void {
    const known = this.#known[node.index];
    const key = `${service} ${code}`;
    let series = known?.get(key);
    if (series === undefined) {
      series = this.#family.series({
        deployment_name: this.#graph.deployment,
        predictor_name: this.#graph.predictor,
        predictor_version: this.#graph.predictorVersion,
        service,
        model_name: node.name,
        ...imageLabels(node.image),
        method,
        code,
      });
      known?.set(key, series);
    }
    series.observe(seconds, performance.now());
  }

  grpcCodeName(code: number): string {
    return grpcCodeName(code);
  }
}

/** Name and tag of an image; a registry's port and a digest are no tag. */
export function imageLabels(image: string): { readonly model_image: string; readonly model_version: string } {
  const digest = image.indexOf("@");
  const plain = digest === -1 ? image : image.slice(0, digest);
  const colon = plain.lastIndexOf(":");
  const hasTag = colon > plain.lastIndexOf("/");
  return {
    model_image: hasTag ? plain.slice(0, colon) : plain,
    model_version: hasTag ? plain.slice(colon + 1) : "",
  };
}
