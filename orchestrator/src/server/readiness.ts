import { connect } from "node:net";
import type { Graph } from "../graph/graph.ts";

/**
 * True when every container of the graph takes a TCP connection on its service port. All are tried at once; nodes
 * without a port are taken for ready, as in Seldon.
 */
export async function nodesAreReady(graph: Graph, timeoutMs: number): Promise<boolean> {
  const targets = new Map<string, { host: string; port: number }>();
  for (const node of graph.nodes) {
    if (node.runs.in === "builtin") continue;
    const { host, servicePort, httpPort, grpcPort } = node.runs.endpoint;
    const port = servicePort || httpPort || grpcPort;
    if (host !== "" && port !== 0) targets.set(`${host} ${port}`, { host, port });
  }
  const answers = await Promise.all([...targets.values()].map(({ host, port }) => accepts(host, port, timeoutMs)));
  return answers.every(Boolean);
}

function accepts(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (isReady: boolean): void => {
      socket.destroy();
      resolve(isReady);
    };
    socket.setTimeout(timeoutMs, () => {
      settle(false);
    });
    socket.once("connect", () => {
      settle(true);
    });
    socket.on("error", () => {
      settle(false);
    });
  });
}
