/** One environment variable: what it means, and whose it is. */
export interface VariableSpec {
  readonly help: string;
  readonly from: "Seldon" | "OpenTelemetry" | "Graphway";
  /** True where it is known and not read. */
  readonly isIgnored?: boolean;
}

/** Every environment variable that the orchestrator knows. */
export const VARIABLES: Readonly<Record<string, VariableSpec>> = {
  ENGINE_PREDICTOR: seldon(
    "the predictor's spec as base64 of JSON: the graph, where neither `--file` nor xDS gives one",
  ),
  SELDON_CERT_MOUNT_PATH: seldon("folder with the certificate of both ports; set, both speak TLS only"),
  SELDON_CERT_FILE_NAME: seldon("the certificate's file in that folder (`tls.crt`)"),
  SELDON_CERT_KEY_FILE_NAME: seldon("its key's file (`tls.key`); Seldon 1.17.1 documents it and never reads it"),
  SELDON_ENABLE_ROUTING_INJECTION: seldon(
    "`true` adds the routing to the answer's `meta`; `false` is off, which is on in Seldon",
  ),
  CORS_ALLOWED_ORIGINS: seldon("answered as `Access-Control-Allow-Origin` (`*`)"),
  CORS_ALLOWED_HEADERS: seldon("answered as `Access-Control-Allow-Headers`"),
  POD_NAME: seldon("this host's name where `--hostname` does not say it"),
  SELDON_LOG_LEVEL: seldon("the level of the log where `--log_level` does not say it"),
  SELDON_DEBUG: seldon("`true` logs at level debug, as `--debug` does"),
  GOMAXPROCS: { ...seldon("no effect: a process uses one core. Give `--workers`, or more replicas"), isIgnored: true },
  REQUEST_LOGGER_DEFAULT_ENDPOINT: seldon("where payload events go from a logger without a URL"),
  LOGGER_KAFKA_BROKER: seldon("`--log_kafka_broker` where that is not given"),
  LOGGER_KAFKA_TOPIC: seldon("`--log_kafka_topic` where that is not given"),
  KAFKA_SECURITY_PROTOCOL: seldon("how Kafka is reached: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"),
  KAFKA_SASL_MECHANISM: seldon("the mechanism of the login there (`PLAIN`)"),
  KAFKA_SASL_USERNAME: seldon("the user of that login"),
  KAFKA_SASL_PASSWORD: seldon("its password"),
  KAFKA_SSL_CA_CERT: seldon("authorities of Kafka's certificate, in PEM; `KAFKA_SSL_CA_CERT_FILE` names a file"),
  KAFKA_SSL_CLIENT_CERT: seldon("certificate shown to Kafka, in PEM; `KAFKA_SSL_CLIENT_CERT_FILE` names a file"),
  KAFKA_SSL_CLIENT_KEY: seldon("its key; `KAFKA_SSL_CLIENT_KEY_FILE` names a file"),
  KAFKA_SSL_CLIENT_KEY_PASS: seldon("password of that key"),
  JAEGER_DISABLED: seldon("`true` switches tracing off"),
  JAEGER_SERVICE_NAME: seldon("the service's name in traces where OTEL_SERVICE_NAME does not say it"),
  JAEGER_ENDPOINT: seldon("spans go by OTLP to port 4318 of its host where no OTLP endpoint is given"),
  JAEGER_USER: seldon("the user of a login there"),
  JAEGER_PASSWORD: seldon("its password"),
  JAEGER_AGENT_HOST: seldon("an agent takes no OTLP: a warning says to set OTEL_EXPORTER_OTLP_ENDPOINT"),
  JAEGER_AGENT_PORT: seldon("likewise"),
  JAEGER_SAMPLER_TYPE: seldon("`const` or `probabilistic`, where OTEL_TRACES_SAMPLER does not say it"),
  JAEGER_SAMPLER_PARAM: seldon("the share of the traces, 0 to 1"),
  JAEGER_TAGS: seldon("attributes of every span: `name=value,…`"),
  JAEGER_TRACE_PROPAGATION_TYPE: seldon("`b3` sends that form on too"),
  OTEL_SDK_DISABLED: otel("`true` switches tracing off"),
  OTEL_TRACES_EXPORTER: otel("`otlp` or `none`"),
  OTEL_EXPORTER_OTLP_ENDPOINT: otel("where spans go; tracing is on where this or the next one is set"),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: otel("the whole URL for spans"),
  OTEL_EXPORTER_OTLP_PROTOCOL: otel("`http/protobuf`; another is a warning"),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: otel("likewise, for spans alone"),
  OTEL_EXPORTER_OTLP_HEADERS: otel(
    "headers of each batch; read by OpenTelemetry's own exporter, as are `…_COMPRESSION` and `…_CERTIFICATE`",
  ),
  OTEL_EXPORTER_OTLP_TIMEOUT: otel("milliseconds that the collector may take for a batch (10000)"),
  OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: otel("likewise, for spans alone"),
  OTEL_SERVICE_NAME: otel("the service's name in traces (the deployment)"),
  OTEL_RESOURCE_ATTRIBUTES: otel("attributes of the resource: `name=value,…`"),
  OTEL_TRACES_SAMPLER: otel("which traces are recorded (`parentbased_always_on`)"),
  OTEL_TRACES_SAMPLER_ARG: otel("the share for a sampler by ratio"),
  OTEL_PROPAGATORS: otel("the forms of a trace's headers: tracecontext, baggage, b3, b3multi, jaeger or none"),
  OTEL_BSP_MAX_QUEUE_SIZE: otel("spans that may wait (2048); more are dropped and counted"),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: otel("spans of one batch (512)"),
  OTEL_BSP_SCHEDULE_DELAY: otel("milliseconds between two batches (5000)"),
  OTEL_BSP_EXPORT_TIMEOUT: otel("milliseconds that a batch may take (30000)"),
  GRAPHWAY_MERGE_META: ours(
    "`true` merges the `meta` of all nodes into the answer's, for a graph that is not the control plane's",
  ),
  GRAPHWAY_WORKER: ours("set by the orchestrator itself for the processes of `--workers`"),
};

function seldon(help: string): VariableSpec {
  return { help, from: "Seldon" };
}

function otel(help: string): VariableSpec {
  return { help, from: "OpenTelemetry" };
}

function ours(help: string): VariableSpec {
  return { help, from: "Graphway" };
}
