import { connect } from "node:net";
import type { Graph } from "../graph/graph.ts";

/** How a node's service port is asked: by a TCP connection, or for 200 by HTTP (`--full_health_checks`). */
export type HealthQuestion = "connection" | "http-status";

/** Seldon's path of the full check; its node servers answer it. */
const STATUS_PATH = "/api/v1.0/health/status";

/**
 * True when every container of the graph answers on its service port. All are asked at once; nodes without a port are
 * taken for ready, as in Seldon. A service port that only speaks gRPC has no HTTP status, and is asked for a connection.
 */
export async function nodesAreReady(graph: Graph, question: HealthQuestion, timeoutMs: number): Promise<boolean> {
  const targets = new Map<string, { host: string; port: number; question: HealthQuestion }>();
  for (const node of graph.nodes) {
    if (node.runs.in === "builtin") continue;
    const { host, servicePort, httpPort, grpcPort } = node.runs.endpoint;
    const port = servicePort || httpPort || grpcPort;
    if (host !== "" && port !== 0) {
      const speaksHttp = port !== grpcPort || port === httpPort;
      targets.set(`${host} ${port}`, { host, port, question: speaksHttp ? question : "connection" });
    }
  }
  const answers = await Promise.all(
    [...targets.values()].map((one) =>
      one.question === "connection"
        ? accepts(one.host, one.port, timeoutMs)
        : answers200(one.host, one.port, timeoutMs),
    ),
  );
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

function answers200(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const { request } = process.getBuiltinModule("node:http");
    const options = { host, port, path: STATUS_PATH, agent: false, signal: AbortSignal.timeout(timeoutMs) };
    const asked = request(options, (response) => {
      resolve(response.statusCode === 200);
      // Its body is of no interest, and the connection is not kept.
      asked.destroy();
    });
    asked.on("error", () => {
      resolve(false);
    });
    asked.end();
  });
}
