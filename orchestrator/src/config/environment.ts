import { join } from "node:path";
import type { ServerTlsFiles } from "../tls/server-tls.ts";
import type { Options } from "./flags.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** One environment variable that is read: its meaning, and whether Seldon's executor reads it too. */
export interface VariableSpec {
  readonly help: string;
  readonly seldon: boolean;
}

/** Every environment variable that the orchestrator knows. */
export const VARIABLES: Readonly<Record<string, VariableSpec>> = {
  ENGINE_PREDICTOR: seldon("the predictor's spec as base64 of JSON; the graph when neither `--file` nor xDS gives one"),
  SELDON_CERT_MOUNT_PATH: seldon("folder with the certificate of both ports; set, both speak TLS only"),
  SELDON_CERT_FILE_NAME: seldon("the certificate's file in that folder (`tls.crt`)"),
  SELDON_CERT_KEY_FILE_NAME: seldon("its key's file (`tls.key`); Seldon 1.17.1 never reads this one"),
  SELDON_ENABLE_ROUTING_INJECTION: seldon(
    "true, on, 1 or yes writes the routing into the answer's `meta`; header `x-graphway-routing` always has it",
  ),
  CORS_ALLOWED_ORIGINS: seldon("answered as `Access-Control-Allow-Origin` (`*`)"),
  CORS_ALLOWED_HEADERS: seldon("answered as `Access-Control-Allow-Headers`"),
  POD_NAME: seldon("this host's name where `--hostname` does not say it"),
  SELDON_LOG_LEVEL: seldon("the level of the log where `--log_level` does not say it"),
  SELDON_DEBUG: seldon("`true` logs at level debug, as `--debug` does"),
  REQUEST_LOGGER_DEFAULT_ENDPOINT: seldon("where payloads of nodes go whose logger has no `url`"),
  LOGGER_KAFKA_BROKER: seldon("payload log: as `--log_kafka_broker` where that is not given"),
  LOGGER_KAFKA_TOPIC: seldon("payload log: as `--log_kafka_topic` where that is not given (`seldon`)"),
  KAFKA_SECURITY_PROTOCOL: seldon("payload log to Kafka: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL (`PLAINTEXT`)"),
  KAFKA_SSL_CA_CERT: seldon("authorities of the brokers' certificates in PEM; or `KAFKA_SSL_CA_CERT_FILE`"),
  KAFKA_SSL_CA_CERT_FILE: seldon("the same as a file"),
  KAFKA_SSL_CLIENT_CERT: seldon("certificate shown to brokers in PEM; or `KAFKA_SSL_CLIENT_CERT_FILE`"),
  KAFKA_SSL_CLIENT_CERT_FILE: seldon("the same as a file"),
  KAFKA_SSL_CLIENT_KEY: seldon("its key in PEM; or `KAFKA_SSL_CLIENT_KEY_FILE`"),
  KAFKA_SSL_CLIENT_KEY_FILE: seldon("the same as a file"),
  KAFKA_SSL_CLIENT_KEY_PASS: seldon("password of that key"),
  KAFKA_SASL_MECHANISM: seldon("PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512 (`PLAIN`)"),
  KAFKA_SASL_USERNAME: seldon("user name for SASL"),
  KAFKA_SASL_PASSWORD: seldon("password for SASL"),
  GRAPHWAY_MERGE_META: ours("true, on, 1 or yes merges `meta` of all nodes, where no control plane gives the graph"),
  GOMAXPROCS: seldon("no effect: a process uses one core. Use `--workers` for more, or more replicas"),
  GRAPHWAY_WORKER: ours("set by the orchestrator itself for the processes of `--workers`"),
};

/** The files of the ports' certificate; undefined where SELDON_CERT_MOUNT_PATH is not set: no TLS. */
export function serverTlsFiles(env: Env, options: Pick<Options, "tlsClientCaFile">): ServerTlsFiles | undefined {
  const folder = env["SELDON_CERT_MOUNT_PATH"];
  if (folder === undefined || folder === "") return undefined;
  return {
    certFile: join(folder, env["SELDON_CERT_FILE_NAME"] || "tls.crt"),
    keyFile: join(folder, env["SELDON_CERT_KEY_FILE_NAME"] || "tls.key"),
    clientCaFile: options.tlsClientCaFile,
  };
}

function seldon(help: string): VariableSpec {
  return { help, seldon: true };
}

function ours(help: string): VariableSpec {
  return { help, seldon: false };
}
