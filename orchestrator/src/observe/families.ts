/** A metric family: what a dashboard or an alert may build on. */
export interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram" | "summary";
  readonly help: string;
  /** Names of its labels, in the order they are written. */
  readonly labels: readonly string[];
}

// In the order of the alphabet, as Prometheus' own client for Go writes them.
const SERVER_LABELS = ["code", "deployment_name", "method", "predictor_name", "predictor_version", "service"] as const;
const CLIENT_LABELS = [
  "code",
  "deployment_name",
  "method",
  "model_image",
  "model_name",
  "model_version",
  "predictor_name",
  "predictor_version",
  "service",
] as const;
const SERVER = "seldon_api_executor_server_requests_seconds";
const CLIENT = "seldon_api_executor_client_requests_seconds";
const SERVER_HELP = "A histogram of latencies for executor server";
const CLIENT_HELP = "A histogram of latencies for client calls from executor";

/** Every family of the metrics path, in the order they are shown. Seldon's first, under their own names. */
export const FAMILIES = {
  server: { name: SERVER, type: "histogram", help: SERVER_HELP, labels: SERVER_LABELS },
  serverSummary: { name: `${SERVER}_summary`, type: "summary", help: SERVER_HELP, labels: SERVER_LABELS },
  client: { name: CLIENT, type: "histogram", help: CLIENT_HELP, labels: CLIENT_LABELS },
  clientSummary: { name: `${CLIENT}_summary`, type: "summary", help: CLIENT_HELP, labels: CLIENT_LABELS },
  inFlight: own("requests_in_flight", "gauge", "Requests of clients that are being answered.", ["transport"]),
  failures: own("request_failures_total", "counter", "Requests of clients that failed, by cause.", ["cause"]),
  shadows: own("shadow_requests_total", "counter", "Requests that were copies of live ones.", ["service"]),
  callsInUse: own("node_calls_in_use", "gauge", "Calls that a node is working on.", ["node", "transport"]),
  callsWaiting: own("node_calls_waiting", "gauge", "Calls that wait for room in a node's pool.", ["node", "transport"]),
  graphs: own("graphs_served_total", "counter", "Versions of the graph taken into service since the start.", []),
  graphInfo: own("graph_info", "gauge", "Where the graph that is served comes from, and its version there.", [
    "source",
    "version",
  ]),
  graphsRefused: own(
    "graphs_refused_total",
    "counter",
    "Graphs of the control plane that were refused, with the reason, since the start.",
    [],
  ),
  xdsConnections: own("xds_connections_total", "counter", "Streams to the control plane that brought an answer.", []),
  xdsConnected: own("xds_connected", "gauge", "1 while the control plane is connected.", []),
  tlsReloads: own(
    "tls_reloads_total",
    "counter",
    "Readings of TLS files that had changed; after a failure the ones before go on.",
    ["outcome"],
  ),
  payloadLogEvents: own("payload_log_events_total", "counter", "Payload log events by what became of them.", [
    "sink",
    "outcome",
  ]),
  spans: own("spans_total", "counter", "Ended spans of traces by what became of them.", ["outcome"]),
  workers: own("workers", "gauge", "Processes that serve.", []),
  workerRestarts: own("worker_restarts_total", "counter", "Processes that died and were started again.", []),
  lagMin: lag("min", "The shortest delay of the event loop since the last scrape, in seconds."),
  lagMax: lag("max", "The longest delay of the event loop since the last scrape, in seconds."),
  lagMean: lag("mean", "The mean delay of the event loop since the last scrape, in seconds."),
  lagStddev: lag("stddev", "The standard deviation of the event loop's delays since the last scrape, in seconds."),
  lagP50: lag("p50", "The 50th percentile of the event loop's delays since the last scrape, in seconds."),
  lagP90: lag("p90", "The 90th percentile of the event loop's delays since the last scrape, in seconds."),
  lagP99: lag("p99", "The 99th percentile of the event loop's delays since the last scrape, in seconds."),
  heapTotal: gauge("nodejs_heap_size_total_bytes", "Size of the JavaScript heap in bytes."),
  heapUsed: gauge("nodejs_heap_size_used_bytes", "Used part of the JavaScript heap in bytes."),
  external: gauge("nodejs_external_memory_bytes", "Memory of buffers and of native code in bytes."),
  heapSpaceTotal: gauge("nodejs_heap_space_size_total_bytes", "Size of a space of the heap in bytes.", ["space"]),
  heapSpaceUsed: gauge("nodejs_heap_space_size_used_bytes", "Used part of a space of the heap in bytes.", ["space"]),
  version: gauge("nodejs_version_info", "Version of Node.js.", ["version", "major", "minor", "patch"]),
  cpuUser: process("process_cpu_user_seconds_total", "User CPU time spent in seconds."),
  cpuSystem: process("process_cpu_system_seconds_total", "System CPU time spent in seconds."),
  cpu: process("process_cpu_seconds_total", "Total user and system CPU time spent in seconds."),
  resident: gauge("process_resident_memory_bytes", "Resident memory size in bytes."),
  openFiles: gauge("process_open_fds", "Number of open file descriptors."),
  started: gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds."),
} as const satisfies Readonly<Record<string, Family>>;

type Type = Family["type"];

function own<const T extends Type, const L extends readonly string[]>(name: string, type: T, help: string, labels: L) {
  return { name: `graphway_orchestrator_${name}`, type, help, labels };
}

function lag(statistic: string, help: string): Family {
  return gauge(`nodejs_eventloop_lag_${statistic}_seconds`, help);
}

function gauge(name: string, help: string, labels: readonly string[] = []): Family {
  return { name, type: "gauge", help, labels };
}

function process(name: string, help: string): Family {
  return { name, type: "counter", help, labels: [] };
}
