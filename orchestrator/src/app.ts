import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readAnnotations } from "./config/annotations.ts";
import type { Options } from "./config/flags.ts";
import { localGraph } from "./config/graph-source.ts";
import { CurrentGraph, ServedGraph } from "./execute/served-graph.ts";
import type { Identity } from "./graph/draft.ts";
import { describeProblems, type CheckedGraph } from "./graph/graph.ts";
import { Endpoints } from "./node/endpoints.ts";
import type { Logger } from "./observe/log.ts";
import { Metrics } from "./observe/metrics.ts";
import { nodesAreReady } from "./server/readiness.ts";
import { corsPolicy } from "./server/rest/common-headers.ts";
import { createRestServer } from "./server/rest/rest-server.ts";
import { startGrpcPort } from "./server/grpc/grpc-port.ts";
import type { ServerContext } from "./server/server-context.ts";

/** A running orchestrator. */
export interface App {
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Ends serving: not ready at once, then `shutdown_delay`, then what is in flight. True when all of it ended. */
  stop(): Promise<boolean>;
}

/** Why an orchestrator can't start. */
export class StartError extends Error {}

/** How long a start waits for the control plane before it takes the local graph. */
const XDS_START_TIMEOUT_MS = 2000;
const NODE_READY_TIMEOUT_MS = 2000;

/** Starts both servers. Throws StartError when there is nothing to serve or a port is taken. */
export async function startApp(
  options: Options,
  env: Readonly<Record<string, string | undefined>>,
  annotations: string,
  log: Logger,
  random: () => number = Math.random,
): Promise<App> {
  const identity: Identity = {
    namespace: options.namespace,
    deployment: options.sdep,
    predictor: options.predictor,
  };
  const defaults = readAnnotations(annotations);
  for (const warning of defaults.warnings) log.warn(warning);
  const local = await localGraph(options, identity, env);
  const endpoints = new Endpoints({
    connections: options.maxNodeConnections,
    queue: options.maxNodeQueue,
    connectTimeoutMs: options.nodeConnectTimeoutMs,
    maxReplyBytes: options.maxBodyBytes,
  });
  const metrics = new Metrics();
  const current = new CurrentGraph((graph) => new ServedGraph(graph, endpoints, defaults, metrics));
  const xds = await startXds(options, identity, current, log);
  if (current.served === undefined) useLocal(local, current, xds !== undefined, log);

  let isDraining = false;
  const question = options.fullHealthChecks ? "http-status" : "connection";
  const context: ServerContext = {
    identity,
    current,
    maxBodyBytes: options.maxBodyBytes,
    random,
    isReady: async () => {
      const { served } = current;
      return (
        !isDraining && served !== undefined && (await nodesAreReady(served.graph, question, NODE_READY_TIMEOUT_MS))
      );
    },
    isDraining: () => isDraining,
    logError: (message, error) => {
      log.error({ err: error }, message);
    },
  };
  const rest = createRestServer(context, {
    metricsPath: options.prometheusPath,
    cors: corsPolicy(env),
    renderMetrics: () => metrics.render(current.swaps),
  });
  const httpPort = await listen(rest, options.httpPort);
  const grpc = await taken(
    options.grpcPort,
    startGrpcPort(context, options.grpcPort, defaults.grpcMaxMessageBytes || options.maxBodyBytes),
  );
  log.info({ http_port: httpPort, grpc_port: grpc.port }, "listening");

  return {
    httpPort,
    grpcPort: grpc.port,
    stop: async () => {
      isDraining = true;
      grpc.drain();
      await delay(options.shutdownDelayMs);
      xds?.stop();
      const ended = await Promise.all([
        closeRest(rest, options.gracefulTimeoutMs),
        grpc.close(options.gracefulTimeoutMs),
      ]);
      await endpoints.destroy();
      return ended.every(Boolean);
    },
  };
}

async function startXds(
  options: Options,
  identity: Identity,
  current: CurrentGraph,
  log: Logger,
): Promise<{ stop(): void } | undefined> {
  if (options.xdsServer === undefined) return undefined;
  const { subscribeToGraph } = await import("./xds/graph-subscription.ts");
  const subscription = subscribeToGraph({
    server: options.xdsServer,
    tokenFile: options.xdsTokenFile,
    identity,
    onGraph: (graph) => {
      current.swap(graph);
      log.info({ swaps: current.swaps }, "a graph from the control plane is served");
    },
    log,
  });
  await Promise.race([subscription.firstGraph, delay(XDS_START_TIMEOUT_MS)]);
  return subscription;
}

function useLocal(local: CheckedGraph | undefined, current: CurrentGraph, hasXds: boolean, log: Logger): void {
  if (local?.value !== undefined) {
    for (const one of local.problems) log.warn({ path: one.path }, one.message);
    current.swap(local.value);
    return;
  }
  const why =
    local === undefined
      ? "there is no graph: set ENGINE_PREDICTOR, or give --file or --xds_server"
      : `the graph can't be served: ${describeProblems(local.problems)}`;
  if (!hasXds) throw new StartError(why);
  log.warn(`${why}; waiting for the control plane`);
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port);
  await taken(port, once(server, "listening"));
  return (server.address() as AddressInfo).port;
}

/** What begins to listen on a port; StartError when it can't. */
async function taken<T>(port: number, listening: Promise<T>): Promise<T> {
  try {
    return await listening;
  } catch (error) {
    throw new StartError(`port ${port} can't be taken: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** How long an idle connection is kept for a request that may be on its way, once no new ones are taken. */
const LINGER_MS = 250;

/**
 * Takes no new connections; those there are get one more answer, with `Connection: close`, then end. True when every
 * request ended in time.
 */
async function closeRest(server: Server, timeoutMs: number): Promise<boolean> {
  const closed = once(server, "close").then(() => true);
  // http.Server.close would cut idle connections at once, under a request that is on its way.
  const { close } = Object.getPrototypeOf(Object.getPrototypeOf(server)) as Pick<Server, "close">;
  close.call(server);
  const linger = setInterval(
    () => {
      server.closeIdleConnections();
    },
    Math.min(LINGER_MS, timeoutMs),
  );
  const inTime = await Promise.race([closed, delay(timeoutMs).then(() => false)]);
  clearInterval(linger);
  if (!inTime) server.closeAllConnections();
  return inTime;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
