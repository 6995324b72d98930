import type { Graph, GraphNode, Transport } from "../graph/graph.ts";
import type { NodePool } from "../observe/metrics.ts";
import type { Endpoints, Lease } from "./endpoints.ts";
import type { UnaryClient } from "./grpc/unary-client.ts";
import type { PoolLoad } from "./pool-limits.ts";
import type { HttpTransport } from "./rest/http-transport.ts";

/** The connections to the nodes of one graph version; by node index, undefined where a node has no such port. */
export class NodeLeases {
  readonly http: readonly (Lease<HttpTransport> | undefined)[];
  readonly grpc: readonly (Lease<UnaryClient> | undefined)[];
  readonly #graph: Graph;

  constructor(graph: Graph, endpoints: Endpoints) {
    this.#graph = graph;
    const endpointOf = (node: GraphNode) => (node.runs.in === "container" ? node.runs.endpoint : undefined);
    this.http = graph.nodes.map((node) => {
      const at = endpointOf(node);
      return at !== undefined && at.httpPort !== 0 ? endpoints.holdHttp(at.host, at.httpPort) : undefined;
    });
    this.grpc = graph.nodes.map((node) => {
      const at = endpointOf(node);
      return at !== undefined && at.grpcPort !== 0 ? endpoints.holdGrpc(at.host, at.grpcPort) : undefined;
    });
  }

  /** How much of each node is used at this moment. */
  pools(): NodePool[] {
    const of = (leases: readonly (Lease<{ readonly load: PoolLoad }> | undefined)[], transport: Transport) =>
      leases.flatMap((lease, i) => {
        const node = this.#graph.nodes[i]?.name;
        return lease === undefined || node === undefined ? [] : [{ node, transport, load: lease.resource.load }];
      });
    return [...of(this.http, "rest"), ...of(this.grpc, "grpc")];
  }

  /** Lets go of the connections; call it when no request uses this graph version any more. */
  release(): void {
    for (const lease of [...this.http, ...this.grpc]) lease?.release();
  }
}
