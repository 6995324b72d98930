import type { Graph, GraphSettings } from "../graph/graph.ts";
import { ContainerCaller } from "../node/container-caller.ts";
import type { Endpoints } from "../node/endpoints.ts";
import { ClientMetrics } from "../observe/client-metrics.ts";
import type { DurationFamily } from "../observe/duration-family.ts";
import { ServerMetrics } from "../observe/server-metrics.ts";

/** Limits that hold where the graph itself says nothing; 0 is none. */
type Defaults = Omit<GraphSettings, "mergesMeta">;

export interface MetricFamilies {
  readonly server: DurationFamily;
  readonly client: DurationFamily;
}

/** One version of the graph with the connections it uses. Lives until it is replaced and its last request has ended. */
export class ServedGraph {
  readonly graph: Graph;
  readonly caller: ContainerCaller;
  readonly metrics: ServerMetrics;
  /** The largest gRPC message that clients may send and are sent; 0: as large as any request. */
  readonly maxMessageBytes: number;
  #users = 0;
  #isReplaced = false;

  constructor(graph: Graph, endpoints: Endpoints, defaults: Defaults, families: MetricFamilies) {
    this.graph = graph;
    const { restTimeoutMs, grpcTimeoutMs, grpcMaxMessageBytes } = graph.settings;
    const timeouts = {
      restTimeoutMs: restTimeoutMs || defaults.restTimeoutMs,
      grpcTimeoutMs: grpcTimeoutMs || defaults.grpcTimeoutMs,
    };
    this.maxMessageBytes = grpcMaxMessageBytes || defaults.grpcMaxMessageBytes;
    this.caller = new ContainerCaller(graph, endpoints, timeouts, new ClientMetrics(families.client, graph));
    this.metrics = new ServerMetrics(families.server, graph);
  }

  /** A request begins on this version. Pair with `leave`. */
  enter(): void {
    this.#users += 1;
  }

  leave(): void {
    this.#users -= 1;
    if (this.#isReplaced && this.#users === 0) this.caller.release();
  }

  /** No new request will come. */
  replace(): void {
    if (this.#isReplaced) return;
    this.#isReplaced = true;
    if (this.#users === 0) this.caller.release();
  }
}

/** The graph that new requests begin on. Swapping it never touches those under way. */
export class CurrentGraph {
  readonly #serve: (graph: Graph) => ServedGraph;
  #served: ServedGraph | undefined;
  #swaps = 0;

  constructor(serve: (graph: Graph) => ServedGraph) {
    this.#serve = serve;
  }

  get served(): ServedGraph | undefined {
    return this.#served;
  }

  /** How many graphs have been taken into service. */
  get swaps(): number {
    return this.#swaps;
  }

  swap(graph: Graph): void {
    // The new version holds its connections before the old one lets go: shared ones stay open.
    const next = this.#serve(graph);
    const previous = this.#served;
    this.#served = next;
    this.#swaps += 1;
    previous?.replace();
  }
}
