import type { LogLevel } from "../observe/log.ts";
import type { PayloadLogFlags } from "../observe/payload-log/payload-log-flags.ts";
import { protocolNamed, type Protocol } from "../graph/graph.ts";
import type { ClientTlsFiles } from "../tls/client-tls.ts";
import { FLAGS } from "./flag-table.ts";
import { durationMs, faultOf, truthOf } from "./go-values.ts";

/** The orchestrator's settings, from its command line. */
export interface Options {
  readonly sdep: string;
  readonly namespace: string;
  readonly predictor: string;
  /** A SeldonDeployment in YAML. */
  readonly file: string | undefined;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly protocol: Protocol;
  readonly prometheusPath: string;
  readonly hostname: string;
  readonly fullHealthChecks: boolean;
  readonly gracefulTimeoutMs: number;
  readonly shutdownDelayMs: number;
  /** While requests still come; never less than `shutdownDelayMs`. */
  readonly shutdownDelayMaxMs: number;
  readonly logLevel: LogLevel;
  /** Share of the requests that are logged, 0 to 1. */
  readonly accessLogSample: number;
  /** host:port, https://host:port, or unix:/path. */
  readonly xdsServer: string | undefined;
  readonly xdsTokenFile: string | undefined;
  readonly annotationsFile: string;
  readonly maxBodyBytes: number;
  readonly maxNodeConnections: number;
  readonly maxNodeQueue: number;
  readonly nodeConnectTimeoutMs: number;
  readonly payloadLog: PayloadLogFlags;
  /** Processes that share the ports; 1 serves in this one. */
  readonly workers: number;
  readonly http: HttpLimits;
  /** Undefined: nodes are called without TLS. */
  readonly nodeTls: ClientTlsFiles | undefined;
  /** Undefined: the control plane is called without TLS. */
  readonly xdsTls: (ClientTlsFiles & { readonly serverName: string | undefined }) | undefined;
  /** With it, and a certificate of ours, clients must show a certificate too. */
  readonly tlsClientCaFile: string | undefined;
}

/** What one client may take of the REST port. 0 is no limit. */
export interface HttpLimits {
  readonly maxHeaderBytes: number;
  readonly headersTimeoutMs: number;
  /** How long a connection without a request is kept. */
  readonly idleTimeoutMs: number;
  /** A body that brings less than 16 KiB in this time is given up, and so is a client that reads none of its answer. */
  readonly bodyReadTimeoutMs: number;
  /** Per port and process. */
  readonly maxConnections: number;
}

/** What was read, or what is wrong with the command line. */
export type ParsedFlags =
  | { readonly kind: "options"; readonly options: Options; readonly warnings: readonly string[] }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "wrong"; readonly message: string; readonly exitCode: ExitCode };

/** As Seldon's executor exits: 2 where Go's flag package can't read a flag, 1 where what it says can't be. */
export type ExitCode = 1 | 2;

/** Reads `--flag value`, `--flag=value` and their forms with one dash, as Go's flag package does. */
export function parseFlags(args: readonly string[], env: Readonly<Record<string, string | undefined>>): ParsedFlags {
  const values = new Map<string, string>();
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? "";
    if (arg === "--") break;
    const [, name, , inline] = /^--?([\w-]+)(=([\s\S]*))?$/.exec(arg) ?? [];
    if (name === "help" || name === "h") return { kind: "help", text: usage() };
    const spec = name !== undefined && Object.hasOwn(FLAGS, name) ? FLAGS[name] : undefined;
    if (name === undefined || spec === undefined) return wrong(`${arg} is not a flag; see --help`, 2);
    let value = inline;
    if (value === undefined && spec.kind === "boolean") value = "true";
    if (value === undefined) {
      i += 1;
      value = args[i];
    }
    if (value === undefined) return wrong(`--${name} needs a value`, 2);
    const fault = faultOf(spec, value);
    if (fault !== undefined) return wrong(`--${name}: ${fault}`, 2);
    values.set(name, value);
  }
  return optionsOf((name) => values.get(name) ?? FLAGS[name]?.initial ?? "", env);
}

function optionsOf(get: (name: string) => string, env: Readonly<Record<string, string | undefined>>): ParsedFlags {
  for (const name of ["sdep", "namespace", "predictor"]) {
    if (get(name) === "") return wrong(`--${name} is required`);
  }
  const protocol = protocolNamed(get("protocol"));
  if (protocol === undefined) return wrong(`--protocol ${get("protocol")} is unknown`);
  if (!["rest", "grpc"].includes(get("transport"))) return wrong(`--transport ${get("transport")} is unknown`);
  if (get("server_type") !== "rpc") {
    return wrong(`--server_type ${get("server_type")} is not served; use rpc: requests come over REST and gRPC only`);
  }
  const warnings = ["kafka_broker", "kafka_input_topic", "kafka_output_topic"]
    .filter((name) => get(name) !== "")
    .map((name) => `--${name} has no effect: requests are not read from Kafka`);
  const level = get("log_level") || (env["SELDON_LOG_LEVEL"] ?? "");
  if (level !== "" && LEVELS[level.toUpperCase()] === undefined) {
    warnings.push(`log level "${level}" is not known; INFO is used`);
  }
  const share = Number(get("access_log_sample") || Number.NaN);
  if (!(share >= 0 && share <= 1)) return wrong("--access_log_sample must be a number between 0 and 1");
  const fault = faultOfFiles(get);
  if (fault !== undefined) return wrong(fault);
  const debug = truthOf(get("debug")) === true || /^(1|true)$/i.test(env["SELDON_DEBUG"] ?? "");
  const timeOf = (name: string): number => Math.min(durationMs(get(name)) ?? 0, MAX_TIMER_MS);
  const options: Options = {
    sdep: get("sdep"),
    namespace: get("namespace"),
    predictor: get("predictor"),
    file: get("file") || undefined,
    httpPort: Number(get("http_port")),
    grpcPort: Number(get("grpc_port")),
    protocol,
    prometheusPath: get("prometheus_path"),
    hostname: get("hostname") || env["POD_NAME"] || "localhost",
    fullHealthChecks: truthOf(get("full_health_checks")) === true,
    gracefulTimeoutMs: timeOf("graceful_timeout"),
    shutdownDelayMs: timeOf("shutdown_delay"),
    shutdownDelayMaxMs: longestDelayMs(timeOf, get("shutdown_delay_max") !== ""),
    logLevel: debug ? "debug" : (LEVELS[level.toUpperCase()] ?? "info"),
    accessLogSample: Number(get("access_log_sample")),
    xdsServer: get("xds_server") || undefined,
    xdsTokenFile: get("xds_token_file") || undefined,
    annotationsFile: get("annotations_file"),
    maxBodyBytes: Number(get("max_body_bytes")),
    maxNodeConnections: Math.max(1, Number(get("node_connections"))),
    maxNodeQueue: Number(get("node_queue")),
    nodeConnectTimeoutMs: timeOf("node_connect_timeout"),
    payloadLog: {
      loggerWorkers: Number(get("logger_workers")),
      logWorkBufferSize: Number(get("log_work_buffer_size")),
      logMaxQueuedBytes: Number(get("log_max_queued_bytes")),
      logWriteTimeoutMs: Number(get("log_write_timeout_ms")),
      logPostTimeoutMs: timeOf("log_post_timeout"),
      logKafkaBroker: get("log_kafka_broker"),
      logKafkaTopic: get("log_kafka_topic"),
    },
    workers: Math.max(1, Number(get("workers"))),
    http: {
      maxHeaderBytes: Number(get("max_header_bytes")),
      headersTimeoutMs: timeOf("headers_timeout"),
      idleTimeoutMs: timeOf("idle_timeout"),
      bodyReadTimeoutMs: timeOf("body_read_timeout"),
      maxConnections: Number(get("max_connections")),
    },
    nodeTls: get("node_tls") === "on" ? clientTlsFiles(get, "node") : undefined,
    xdsTls:
      get("xds_ca_file") !== "" || get("xds_server").startsWith("https://")
        ? { ...clientTlsFiles(get, "xds"), serverName: get("xds_server_name") || undefined }
        : undefined,
    tlsClientCaFile: get("tls_client_ca_file") || undefined,
  };
  return { kind: "options", options, warnings };
}

/** Timers fire at once above this, which is 24 days. */
const MAX_TIMER_MS = 2_147_483_647;

/** Models are told to stop ten seconds after the orchestrator, by the hook that Seldon gives them: a second before. */
const BEFORE_MODELS_STOP_MS = 9000;
/** A delay that was cut to the time its pod has to stop stays short: never as much as doubled. */
const DELAY_FACTOR = 1.8;

/** Requests in flight keep half of their time in any case. */
function longestDelayMs(timeOf: (name: string) => number, isGiven: boolean): number {
  const leastMs = timeOf("shutdown_delay");
  const mostMs = isGiven ? timeOf("shutdown_delay_max") : Math.min(leastMs * DELAY_FACTOR, BEFORE_MODELS_STOP_MS);
  return Math.max(leastMs, Math.min(mostMs, leastMs + timeOf("graceful_timeout") / 2));
}

function clientTlsFiles(get: (name: string) => string, side: "node" | "xds"): ClientTlsFiles {
  const certFile = get(`${side}_cert_file`);
  return {
    caFile: get(`${side}_ca_file`) || undefined,
    pair: certFile === "" ? undefined : { certFile, keyFile: get(`${side}_key_file`) },
  };
}

/** Files that only mean something together. */
function faultOfFiles(get: (name: string) => string): string | undefined {
  if (!["off", "on"].includes(get("node_tls"))) return `--node_tls ${get("node_tls")} is neither off nor on`;
  for (const side of ["node", "xds"]) {
    const [cert, key] = [get(`${side}_cert_file`), get(`${side}_key_file`)];
    if ((cert === "") !== (key === "")) return `--${side}_cert_file and --${side}_key_file go together`;
  }
  for (const name of ["node_ca_file", "node_cert_file"]) {
    if (get(name) !== "" && get("node_tls") !== "on") return `--${name} has no effect without --node_tls=on`;
  }
  const isXdsTls = get("xds_ca_file") !== "" || get("xds_server").startsWith("https://");
  for (const name of ["xds_server_name", "xds_cert_file"]) {
    if (get(name) !== "" && !isXdsTls) return `--${name} has no effect without --xds_ca_file or an https:// server`;
  }
  return undefined;
}

/** Seldon's names of levels. */
const LEVELS: Readonly<Record<string, LogLevel>> = {
  DEBUG: "debug",
  INFO: "info",
  WARN: "warn",
  WARNING: "warn",
  ERROR: "error",
  FATAL: "fatal",
};

function usage(): string {
  const lines = Object.entries(FLAGS).map(
    ([name, spec]) => `  --${name.padEnd(22)} ${spec.help}${spec.initial === "" ? "" : ` (default ${spec.initial})`}`,
  );
  return `Usage: orchestrator --sdep <name> --namespace <namespace> --predictor <name> [flags]

Serves the inference graph of one predictor over REST and gRPC. The graph is the control plane's, that of --file, or ENGINE_PREDICTOR's.

${lines.join("\n")}

docs/orchestrator-flags.md says more, and has the environment variables and annotations that count.
`;
}

function wrong(message: string, exitCode: ExitCode = 1): ParsedFlags {
  return { kind: "wrong", message, exitCode };
}
