import type { GraphNode, NodeEndpoint, PredictorPlan } from "../../plan/deployment-plan.ts";
import { nodesOf, type DesiredPredictor } from "./desired.ts";
import type { PortMap } from "./port-map.ts";

const LOOPBACK = "127.0.0.1";

/** Where a predictor answers on this machine. */
export interface LocalAddress {
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
}

/**
 * The predictor as it is on this machine: the endpoints of its nodes are the local ports or those given by --endpoint, its own ports
 * are those of its orchestrator, or of its only node without one.
 */
export function localPredictor(
  desired: DesiredPredictor,
  portsOf: (container: string) => PortMap | undefined,
  orchestrator: LocalAddress | undefined,
): { readonly predictor: PredictorPlan; readonly address: LocalAddress } {
  const { predictor, mapped } = desired;
  const endpoint = (container: string, planned: NodeEndpoint): NodeEndpoint => {
    const mapping = mapped.get(container);
    if (mapping !== undefined) {
      const { host, httpPort, grpcPort } = mapping;
      return { ...planned, host, httpPort, grpcPort };
    }
    const ports = portsOf(container);
    const local = (port: number): number => ports?.get(port) ?? port;
    return { ...planned, host: LOOPBACK, httpPort: local(planned.httpPort), grpcPort: local(planned.grpcPort) };
  };
  const place = (node: GraphNode): GraphNode => ({
    ...node,
    runs:
      node.runs.in === "container"
        ? { ...node.runs, endpoint: endpoint(node.runs.container, node.runs.endpoint) }
        : node.runs,
    children: node.children.map(place),
  });
  const graph = place(predictor.graph);
  const root = nodesOf(graph).find((node) => node.runs.in === "container")?.runs;
  const address = orchestrator ?? (root?.in === "container" ? root.endpoint : undefined);
  if (address === undefined) throw new Error(`predictor ${predictor.name} has neither orchestrator nor container`);
  const { host, httpPort, grpcPort } = address;
  return { predictor: { ...predictor, graph, httpPort, grpcPort }, address: { host, httpPort, grpcPort } };
}
