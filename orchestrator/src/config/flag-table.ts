/** One flag: how its value is written, what it is when it is not given, and what it means. */
export interface FlagSpec {
  readonly kind: "text" | "number" | "duration" | "boolean";
  readonly initial: string;
  readonly help: string;
  /** The largest number. */
  readonly max?: number;
}

const MAX_PORT = 65_535;

/** The flags of Seldon 1.17.1's executor. */
export const SELDON_FLAGS = {
  sdep: text("", "name of the SeldonDeployment (required)"),
  namespace: text("", "its namespace (required)"),
  predictor: text("", "the predictor to serve (required)"),
  file: text("", "a SeldonDeployment in YAML; without it the graph is ENGINE_PREDICTOR's"),
  http_port: number("8080", "port of the REST API; 0 takes a free one", MAX_PORT),
  grpc_port: number("5000", "port of the gRPC API; 0 takes a free one", MAX_PORT),
  protocol: text("seldon", "seldon, tensorflow, v2 or kfserving (v2)"),
  transport: text("rest", "accepted as Seldon's operator passes it; both transports are always served"),
  server_type: text("rpc", "rpc"),
  hostname: text("", "this host's name"),
  prometheus_path: text("/metrics", "path of the metrics"),
  full_health_checks: boolean("false", "ask nodes for their health by HTTP, not only for a TCP connection"),
  graceful_timeout: duration("15s", "how long requests in flight may take after the signal to stop"),
  shutdown_delay: duration("0s", "how long to go on serving, not ready, after the signal to stop"),
  debug: boolean("false", "log at level debug"),
  log_level: text("", "DEBUG, INFO, WARNING, ERROR or FATAL"),
  logger_workers: number("10", "payload log: events posted at once"),
  log_work_buffer_size: number("10000", "payload log: events that may wait; more are dropped"),
  log_write_timeout_ms: number("2000", "payload log: how long an event may wait before it is dropped"),
  log_kafka_broker: text("", "payload log: host:port,… of Kafka, which gets the events instead of the loggers' URLs"),
  log_kafka_topic: text("", "payload log: the topic; without it LOGGER_KAFKA_TOPIC, else seldon"),
  kafka_broker: text("", "accepted; requests are not read from Kafka"),
  kafka_input_topic: text("", "accepted; requests are not read from Kafka"),
  kafka_output_topic: text("", "accepted; requests are not read from Kafka"),
  kafka_full_graph: boolean("false", "accepted; requests are not read from Kafka"),
  kafka_workers: number("4", "accepted; requests are not read from Kafka"),
  kafka_auto_commit: boolean("true", "accepted; requests are not read from Kafka"),
  config: text("", "accepted and unused, as in Seldon"),
} as const satisfies Readonly<Record<string, FlagSpec>>;

/** The flags that Seldon does not have. */
export const OWN_FLAGS = {
  access_log_sample: text("0", "share of the requests to log, 0 to 1; at most 100 lines a second"),
  log_max_queued_bytes: number(
    "67108864",
    "payload log: memory of events that wait or are being sent; more are dropped",
  ),
  log_post_timeout: duration("10s", "payload log: how long a collector may take for an event"),
  xds_server: text("", "host:port, https://host:port or unix:/path of the control plane, for graphs that change"),
  xds_token_file: text("", "file with the token shown to it"),
  annotations_file: text("/etc/podinfo/annotations", "the pod's annotations"),
  max_body_bytes: number("268435456", "largest request and reply"),
  node_connections: number("256", "connections per node over REST; over gRPC there are four at most"),
  node_queue: number(
    "4096",
    "calls per node beyond --node_connections, waiting or (gRPC) under way; more are answered 503",
  ),
  node_connect_timeout: duration("5s", "how long a connection to a node may take"),
  node_tls: text("off", "on calls nodes by TLS, both transports; their certificates must name the endpoint's host"),
  node_ca_file: text("", "authorities of the nodes' certificates in PEM; without it those of Node.js"),
  node_cert_file: text("", "certificate shown to nodes, in PEM"),
  node_key_file: text("", "its key"),
  tls_client_ca_file: text("", "with a certificate of our own: clients must show one that this authority has signed"),
  shutdown_delay_max: duration(
    "",
    "how long at most to go on serving while requests still come; without it 1.8 times --shutdown_delay, at most 9s; nothing is waited for where that is 0",
  ),
  workers: number("1", "processes that share the ports, one core each"),
  max_header_bytes: number("65536", "largest head of a REST request"),
  headers_timeout: duration("60s", "how long a REST client may take for the head of a request; 0 is no limit"),
  idle_timeout: duration("65m", "how long a REST connection without a request is kept; 0 is no limit"),
  body_read_timeout: duration("60s", "time in which a request's body must bring 16 KiB, or its end; 0 is no limit"),
  max_connections: number("10000", "connections at once, per port and process; 0 is no limit"),
  xds_ca_file: text("", "authorities of the control plane's certificate in PEM; switches TLS on, as https:// does"),
  xds_server_name: text("", "name in the control plane's certificate; without it the host of --xds_server"),
  xds_cert_file: text("", "certificate shown to the control plane, in PEM"),
  xds_key_file: text("", "its key"),
} as const satisfies Readonly<Record<string, FlagSpec>>;

/** Every flag by its name. */
export const FLAGS: Readonly<Record<string, FlagSpec>> = { ...SELDON_FLAGS, ...OWN_FLAGS };

function text(initial: string, help: string): FlagSpec {
  return { kind: "text", initial, help };
}

function number(initial: string, help: string, max = Number.MAX_SAFE_INTEGER): FlagSpec {
  return { kind: "number", initial, help, max };
}

function boolean(initial: string, help: string): FlagSpec {
  return { kind: "boolean", initial, help };
}

function duration(initial: string, help: string): FlagSpec {
  return { kind: "duration", initial, help };
}
