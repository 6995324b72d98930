import { kafkaMessage, type KafkaMessage } from "./kafka-message.ts";
import type { KafkaSettings } from "./kafka-settings.ts";
import type { Delivery, ReadyEvent, Sink } from "./sink.ts";

/** What the sink needs of a Kafka client; it finds its brokers again by itself. */
export interface KafkaProducer {
  send(options: { messages: KafkaMessage[]; acks: number }): Promise<unknown>;
  close(force: boolean): Promise<void>;
}

/** Makes a producer; called when the first events come, and again after one that no longer answers. */
export type ConnectProducer = (settings: KafkaSettings) => Promise<KafkaProducer>;

/** A send that is not over by now never will be. */
const STUCK_AFTER_MS = 30_000;
const ACKS_OF_ALL = -1;

/** Writes events to one topic, many at once. */
export class KafkaSink implements Sink {
  readonly name = "kafka";
  readonly maxBatchEvents = 256;
  /** Below what brokers take by default (1 MiB) with room for the headers. */
  readonly maxBatchBytes = 512 * 1024;
  readonly #settings: KafkaSettings;
  readonly #connect: ConnectProducer;
  readonly #stuckAfterMs: number;
  #producer: Promise<KafkaProducer> | undefined;

  constructor(settings: KafkaSettings, connect: ConnectProducer = connectProducer, stuckAfterMs = STUCK_AFTER_MS) {
    this.#settings = settings;
    this.#connect = connect;
    this.#stuckAfterMs = stuckAfterMs;
  }

  async deliver(events: readonly ReadyEvent[]): Promise<Delivery> {
    const producer = (this.#producer ??= this.#connect(this.#settings));
    const messages = events.map((one) => kafkaMessage(one, this.#settings.topic));
    let timer: NodeJS.Timeout | undefined;
    const stuck = new Promise<"stuck">((resolve) => {
      timer = setTimeout(resolve, this.#stuckAfterMs, "stuck");
    });
    try {
      const sent = producer.then((one) => one.send({ messages, acks: ACKS_OF_ALL }));
      if ((await Promise.race([sent, stuck])) !== "stuck") return { outcome: "sent" };
      sent.catch(() => {
        // Said below already.
      });
      this.#forget(producer);
      return { outcome: "failed", reason: `Kafka did not answer within ${this.#stuckAfterMs} ms; connecting anew` };
    } catch (error) {
      return { outcome: "failed", reason: `Kafka can't be written to: ${reasonOf(error)}` };
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    if (producer !== undefined) await closeProducer(producer);
  }

  /** The next events get a new producer. */
  #forget(producer: Promise<KafkaProducer>): void {
    if (this.#producer !== producer) return;
    this.#producer = undefined;
    void closeProducer(producer);
  }
}

async function closeProducer(producer: Promise<KafkaProducer>): Promise<void> {
  try {
    await (await producer).close(true);
  } catch {
    // It has nothing left to lose: its events are counted as failed.
  }
}

/** The deepest cause says most: "connect ECONNREFUSED" rather than "metadata failed 2 times". */
function reasonOf(error: unknown): string {
  const messages: string[] = [];
  for (let one = error, depth = 0; one instanceof Error && depth < 8; depth += 1) {
    if (one.message !== "" && !messages.includes(one.message)) messages.push(one.message);
    one = one instanceof AggregateError ? (one.errors[0] as unknown) : one.cause;
  }
  return messages.length === 0 ? String(error) : messages.join(": ");
}

/** The library is loaded here: without Kafka it costs nothing. */
async function connectProducer(settings: KafkaSettings): Promise<KafkaProducer> {
  const { Producer } = await import("@platformatic/kafka");
  const { brokers, tls, sasl } = settings;
  return new Producer<Buffer, Buffer, Buffer, Buffer>({
    clientId: "graphway-orchestrator",
    bootstrapBrokers: [...brokers],
    autocreateTopics: true,
    // Nothing waits for these sends; what fails twice is counted and let go.
    retries: 1,
    retryDelay: 200,
    connectTimeout: 3_000,
    requestTimeout: 10_000,
    timeout: 5_000,
    metadataMaxAge: 60_000,
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl: { ...sasl } }),
  });
}
