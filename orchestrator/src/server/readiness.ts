import { connect, isIP, type Socket } from "node:net";
import type { Graph, Protocol } from "../graph/graph.ts";
import { patientTimeout } from "../node/patient-timeout.ts";
import type { ClientTls } from "../tls/client-tls.ts";

/** How nodes are asked. */
export interface ProbeOptions {
  /** Their health (`--full_health_checks`), not only for a connection to their service port. */
  readonly asksHealth: boolean;
  readonly timeoutMs: number;
  /** Undefined: nodes are asked without TLS. */
  readonly tls: ClientTls | undefined;
}

interface Target {
  readonly host: string;
  readonly port: number;
  readonly question: "connection" | "http" | "grpc";
}

/** Where a REST node of each protocol tells its health; TensorFlow Serving has no such path, nor has it in Seldon. */
const HEALTH_PATHS: Readonly<Record<Protocol, string | undefined>> = {
  seldon: "/api/v1.0/health/status",
  v2: "/v2/health/ready",
  tensorflow: undefined,
};

/**
 * True when every container of the graph answers on its service port. All are asked at once; nodes without a port are
 * taken for ready, as in Seldon.
 */
export async function nodesAreReady(graph: Graph, options: ProbeOptions): Promise<boolean> {
  const path = HEALTH_PATHS[graph.protocol];
  const targets = new Map<string, Target>();
  for (const node of graph.nodes) {
    if (node.runs.in === "builtin") continue;
    const { host, servicePort, httpPort, grpcPort } = node.runs.endpoint;
    const port = servicePort || httpPort || grpcPort;
    if (host === "" || port === 0) continue;
    const speaksGrpc = port === grpcPort && port !== httpPort;
    const health = speaksGrpc ? "grpc" : path === undefined ? "connection" : "http";
    targets.set(`${host} ${port}`, { host, port, question: options.asksHealth ? health : "connection" });
  }
  const answers = await Promise.all([...targets.values()].map((one) => isReady(one, path ?? "", options)));
  return answers.every(Boolean);
}

/** A node that can't even be asked, such as one whose host no request can name, is not ready: this never rejects. */
function isReady(target: Target, path: string, options: ProbeOptions): Promise<boolean> {
  return ask(target, path, options).catch(() => false);
}

async function ask(target: Target, path: string, options: ProbeOptions): Promise<boolean> {
  switch (target.question) {
    case "connection":
      return accepts(target, options);
    case "http":
      return answers200(target, path, options);
    case "grpc":
      return serves(target, options);
  }
}

function accepts({ host, port }: Target, { timeoutMs, tls }: ProbeOptions): Promise<boolean> {
  return new Promise((resolve) => {
    // With TLS the handshake belongs to it: a node that we can't trust is one that we can't call.
    const socket: Socket =
      tls === undefined
        ? connect({ host, port })
        : process.getBuiltinModule("node:tls").connect({ host, port, ...nameOf(host), ...tls.current() });
    const settle = (isReady: boolean): void => {
      stopWaiting();
      socket.destroy();
      resolve(isReady);
    };
    const stopWaiting = patientTimeout(timeoutMs, () => {
      settle(false);
    });
    socket.once(tls === undefined ? "connect" : "secureConnect", () => {
      settle(true);
    });
    socket.on("error", () => {
      settle(false);
    });
  });
}

/** The name asked for in the handshake; addresses have none. */
function nameOf(host: string): { readonly servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {};
}

function answers200({ host, port }: Target, path: string, { timeoutMs, tls }: ProbeOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const { request } = process.getBuiltinModule(tls === undefined ? "node:http" : "node:https");
    const signal = AbortSignal.timeout(timeoutMs);
    const asked = request({ host, port, path, agent: false, signal, ...tls?.current() }, (response) => {
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

async function serves({ host, port }: Target, { timeoutMs, tls }: ProbeOptions): Promise<boolean> {
  const { grpcNodeServes } = await import("./grpc-probe.ts");
  return grpcNodeServes(host, port, timeoutMs, tls);
}
