import { isHttpUrl } from "../../graph/check-logger.ts";
import type { Logger } from "../log.ts";
import { HttpSink } from "./http-sink.ts";
import type { PayloadLogFlags } from "./payload-log-flags.ts";
import { PayloadLog } from "./payload-log.ts";
import type { Sink } from "./sink.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Deliveries to Kafka at once: each takes many events. */
const MAX_KAFKA_WORKERS = 4;

/**
 * The payload log that flags and environment ask for. `source` is the events' own, asked for when one is sent. Throws
 * KafkaSettingsError.
 */
export async function createPayloadLog(
  flags: PayloadLogFlags,
  env: Env,
  log: Logger,
  source: () => string,
): Promise<PayloadLog> {
  const sink = (await kafkaSink(flags, env)) ?? httpSink(flags, env, log, source);
  const workers = Math.max(1, flags.loggerWorkers);
  const limits = {
    workers: sink.name === "kafka" ? Math.min(workers, MAX_KAFKA_WORKERS) : workers,
    maxEvents: Math.max(1, flags.logWorkBufferSize),
    maxBytes: flags.logMaxQueuedBytes,
    maxWaitMs: flags.logWriteTimeoutMs,
  };
  return new PayloadLog(sink, limits, log);
}

async function kafkaSink(flags: PayloadLogFlags, env: Env): Promise<Sink | undefined> {
  const brokers = flags.logKafkaBroker || (env["LOGGER_KAFKA_BROKER"] ?? "");
  if (brokers === "") return undefined;
  const topic = flags.logKafkaTopic || env["LOGGER_KAFKA_TOPIC"] || "seldon";
  const [{ readKafkaSettings }, { KafkaSink }] = await Promise.all([
    import("./kafka-settings.ts"),
    import("./kafka-sink.ts"),
  ]);
  return new KafkaSink(await readKafkaSettings(brokers, topic, env));
}

function httpSink(flags: PayloadLogFlags, env: Env, log: Logger, source: () => string): Sink {
  const given = env["REQUEST_LOGGER_DEFAULT_ENDPOINT"] ?? "";
  const isUsable = isHttpUrl(given);
  if (given !== "" && !isUsable) {
    log.warn(`REQUEST_LOGGER_DEFAULT_ENDPOINT "${given}" is not an http or https URL; it has no effect`);
  }
  return new HttpSink({
    defaultUrl: isUsable ? given : undefined,
    source,
    postTimeoutMs: Math.max(1, flags.logPostTimeoutMs),
    connections: Math.max(1, flags.loggerWorkers),
  });
}
