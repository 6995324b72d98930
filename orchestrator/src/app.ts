import { readAnnotations } from "./config/annotations.ts";
import { corsPolicy } from "./config/cors-policy.ts";
import { serverTlsFiles, type Env } from "./config/environment.ts";
import type { Options } from "./config/flags.ts";
import { isSwitchedOn } from "./config/switch.ts";
import { localGraph } from "./config/graph-source.ts";
import { StartError } from "./start-error.ts";
import { startGraph } from "./start-graph.ts";
import { REAL_TIME, stopServing } from "./stop-serving.ts";
import { CurrentGraph, ServedGraph } from "./walk/served-graph.ts";
import type { Identity } from "./graph/draft.ts";
import { Endpoints } from "./node/endpoints.ts";
import type { Logger } from "./observe/log.ts";
import { AccessLog } from "./observe/access-log.ts";
import { Metrics } from "./observe/metrics.ts";
import { startTracing } from "./observe/tracing/start-tracing.ts";
import type { Schemes } from "./observe/tracing/sampled-trace.ts";
import { OperationsMetrics } from "./observe/operations-metrics.ts";
import { createPayloadLog } from "./observe/payload-log/create.ts";
import { KafkaSettingsError } from "./observe/payload-log/kafka-settings.ts";
import type { PayloadLog } from "./observe/payload-log/payload-log.ts";
import { listen, portTaken } from "./server/listen.ts";
import { nodesAreReady } from "./server/readiness.ts";
import { createRestServer } from "./server/rest/rest-server.ts";
import { startGrpcPort } from "./server/grpc/grpc-port.ts";
import type { Clock } from "./server/serve-on.ts";
import type { ServerContext } from "./server/server-context.ts";
import { shareCheck } from "./server/shared-check.ts";
import { openTls, type OpenedTls } from "./tls/open-tls.ts";
import type { Siblings } from "./workers/siblings.ts";

/** A running orchestrator. */
export interface App {
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Ends serving: not ready at once, then the delay, then what is in flight. True when all of it ended. */
  stop(clock?: Clock): Promise<boolean>;
}

const NODE_READY_TIMEOUT_MS = 2000;
/** One that stops has no time for nodes that are silent. */
const NODE_THERE_TIMEOUT_MS = 500;
/** Nodes are asked whether they are ready no more often than this, however many ask us. */
const READY_SPACING_MS = 50;

/**
 * Starts both servers. Throws StartError when there is nothing to serve, a port is taken or a certificate can't be used.
 * `siblings` are the other processes of `--workers`.
 */
export async function startApp(
  options: Options,
  env: Env,
  annotations: string,
  log: Logger,
  random: () => number = Math.random,
  siblings?: Siblings,
): Promise<App> {
  const identity: Identity = {
    namespace: options.namespace,
    deployment: options.sdep,
    predictor: options.predictor,
  };
  const defaults = readAnnotations(annotations);
  for (const warning of defaults.warnings) log.warn(warning);
  const local = await localGraph(options, identity, env, defaults);
  const payloadLog = await openPayloadLog(options, env, log, () => httpPort);
  const operations = new OperationsMetrics();
  const tls = await openTls(
    { ports: serverTlsFiles(env, options), nodes: options.nodeTls, xds: options.xdsTls },
    {
      log,
      reloaded: (outcome) => {
        operations.tlsReload(outcome);
      },
    },
  );
  const endpoints = new Endpoints({
    connections: options.maxNodeConnections,
    queue: options.maxNodeQueue,
    connectTimeoutMs: options.nodeConnectTimeoutMs,
    maxReplyBytes: options.maxBodyBytes,
    tls: tls.nodes,
  });
  const metrics = new Metrics();
  const tracing = await startTracing(env, { identity, hostname: options.hostname, schemes: schemesOf(tls) }, log);
  const current = new CurrentGraph((graph) => new ServedGraph(graph, endpoints, defaults, metrics));
  const enginePredictor = env["ENGINE_PREDICTOR"];
  const xds = await startGraph({ options, identity, enginePredictor, local, current, operations, tls, log });

  let isDraining = false;
  const probe = { asksHealth: options.fullHealthChecks, timeoutMs: NODE_READY_TIMEOUT_MS, tls: tls.nodes };
  const areNodesReady = shareCheck(
    async () => current.served !== undefined && nodesAreReady(current.served.graph, probe),
    READY_SPACING_MS,
  );
  const context: ServerContext = {
    identity,
    current,
    protocol: options.protocol,
    maxBodyBytes: options.maxBodyBytes,
    injectsRouting: isSwitchedOn(env["SELDON_ENABLE_ROUTING_INJECTION"]),
    random,
    isReady: async () => {
      const canServe = (): boolean => !isDraining && siblings?.allRun() !== false;
      return canServe() && (await areNodesReady()) && canServe();
    },
    isDraining: () => isDraining,
    logRun: (graph, client) => payloadLog.begin(graph, client),
    observer: { requests: metrics.requests, tracer: tracing?.tracer, accessLog: accessLogOf(options, log) },
    logError: (message, error) => {
      log.error({ err: error }, message);
    },
  };
  const render = (): string => {
    const pools = current.served?.caller.pools() ?? [];
    const own = metrics.render({ swaps: current.swaps, pools, spans: tracing?.counts() });
    return own + operations.render() + payloadLog.renderMetrics();
  };
  siblings?.answerScrapes(render);
  const rest = createRestServer(context, {
    metricsPath: options.prometheusPath,
    cors: corsPolicy(env),
    renderMetrics: siblings === undefined ? render : () => siblings.scrape(),
    limits: options.http,
    tls: tls.ports,
  });
  const shared = { reusePort: siblings !== undefined, tls: tls.ports, maxConnections: options.http.maxConnections };
  const httpPort = await listen(rest, { port: options.httpPort, ...shared });
  const grpc = await portTaken(options.grpcPort, startGrpcPort(context, { port: options.grpcPort, ...shared }));
  const ports = { http_port: httpPort, grpc_port: grpc.port };
  if (siblings === undefined) log.info(ports, "listening");
  else siblings.listening(ports);

  return {
    httpPort,
    grpcPort: grpc.port,
    stop: async (clock = REAL_TIME) => {
      isDraining = true;
      const arrivals = (): number => metrics.requests.arrivals;
      const asked = { asksHealth: false, timeoutMs: NODE_THERE_TIMEOUT_MS, tls: tls.nodes };
      const areNodesThere = async (): Promise<boolean> =>
        current.served !== undefined && nodesAreReady(current.served.graph, asked);
      const running = { rest, grpc, endpoints, payloadLog, tracing, xds, arrivals, areNodesThere };
      const ended = await stopServing(options, running, clock);
      tls.stop();
      metrics.process.stop();
      return ended;
    },
  };
}

function schemesOf(tls: OpenedTls): Schemes {
  return { server: tls.ports === undefined ? "http" : "https", nodes: tls.nodes === undefined ? "http" : "https" };
}

function accessLogOf({ accessLogSample }: Options, log: Logger): AccessLog | undefined {
  return accessLogSample > 0 ? new AccessLog(log, accessLogSample) : undefined;
}

async function openPayloadLog(options: Options, env: Env, log: Logger, port: () => number): Promise<PayloadLog> {
  try {
    return await createPayloadLog(options.payloadLog, env, log, () => `http://${options.hostname}:${port()}/`);
  } catch (error) {
    throw error instanceof KafkaSettingsError ? new StartError(error.message) : error;
  }
}
