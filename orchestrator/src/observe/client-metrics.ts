import type { Graph, GraphNode } from "../graph/graph.ts";
import type { DurationFamily } from "./duration-family.ts";
import { grpcCodeName } from "./grpc-codes.ts";
import { KnownSeries } from "./known-series.ts";

/** Durations of the calls to the nodes of one graph version. */
export class ClientMetrics {
  /** By node index. */
  readonly #known: readonly KnownSeries[];

  constructor(family: DurationFamily, graph: Graph) {
    const { deployment, predictor, predictorVersion } = graph;
    this.#known = graph.nodes.map((node) => {
      const { model_image, model_version } = imageLabels(node.image);
      const model = [model_image, node.name, model_version];
      return new KnownSeries((service, method, code) =>
        family.series([code, deployment, method, ...model, predictor, predictorVersion, service]),
      );
    });
  }

  /**
   * `service` is the path or the full method; `code` the HTTP status or the gRPC code's name; `nowMs` is when the call
   * ended, in performance.now() time.
   */
  observe(
    node: GraphNode,
    service: string,
    method: string,
    code: string,
    seconds: number,
    nowMs = performance.now(),
  ): void {
    this.#known[node.index]?.find(service, method, code).observe(seconds, nowMs);
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
