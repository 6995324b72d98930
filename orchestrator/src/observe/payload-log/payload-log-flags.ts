/** The flags of payload logging. */
export interface PayloadLogFlags {
  readonly loggerWorkers: number;
  readonly logWorkBufferSize: number;
  readonly logMaxQueuedBytes: number;
  readonly logWriteTimeoutMs: number;
  readonly logPostTimeoutMs: number;
  /** Empty: LOGGER_KAFKA_BROKER; empty too: events are posted. */
  readonly logKafkaBroker: string;
  /** Empty: LOGGER_KAFKA_TOPIC, else `seldon`. */
  readonly logKafkaTopic: string;
}
