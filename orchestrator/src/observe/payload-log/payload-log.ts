import { HEADER_SHADOW } from "#proto/vocabulary/headers.ts";
import type { RunLog } from "../../execute/run.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Logger } from "../log.ts";
import { bodyOf } from "./event-body.ts";
import { EventCounts } from "./event-counts.ts";
import { EventQueue, type QueueLimits } from "./event-queue.ts";
import type { LogEvent } from "./log-event.ts";
import { PayloadRunLog, skipsLogging, validTraceparent, type LoggedClient } from "./run-log.ts";
import { Seldom } from "./seldom.ts";
import type { Delivery, ReadyEvent, Sink } from "./sink.ts";

export interface PayloadLogLimits extends QueueLimits {
  /** Deliveries under way at once. */
  readonly workers: number;
}

/**
 * Sends payloads to a sink, beside the requests they come from: a request only puts its events into a queue. What does
 * not fit, waits too long or can't be delivered is counted, never retried.
 */
export class PayloadLog {
  readonly counts = new EventCounts();
  readonly #sink: Sink;
  readonly #limits: PayloadLogLimits;
  readonly #queue: EventQueue;
  readonly #log: Logger;
  readonly #faults: Seldom;
  #busy = 0;
  #inFlight = 0;
  #wakes = false;
  #isStopped = false;
  #whenIdle: (() => void) | undefined;
  #stopping: Promise<void> | undefined;

  constructor(sink: Sink, limits: PayloadLogLimits, log: Logger) {
    this.#sink = sink;
    this.#limits = limits;
    this.#log = log;
    this.#queue = new EventQueue(limits, () => {
      this.#drop("too_late", `events waited longer than ${limits.maxWaitMs} ms`);
    });
    this.#faults = new Seldom((message, suppressed) => {
      log.warn({ sink: sink.name, suppressed }, `payload log: ${message}`);
    });
  }

  /** The log of one request; undefined when the client asks for none. */
  begin(graph: Graph, client: LoggedClient): RunLog | undefined {
    if (skipsLogging(client.headers)) return undefined;
    const traceparent = validTraceparent(client.header("traceparent"));
    const isShadow = client.header(HEADER_SHADOW) !== undefined;
    return new PayloadRunLog({ graph, puid: client.puid, traceparent, isShadow }, this.#add);
  }

  /** Prometheus text. */
  renderMetrics(): string {
    return this.counts.render(this.#sink.name);
  }

  /** Sends what waits, for at most so long, then lets go. What is left is counted and said. A second call waits too. */
  stop(withinMs: number): Promise<void> {
    return (this.#stopping ??= this.#stop(withinMs));
  }

  async #stop(withinMs: number): Promise<void> {
    this.#queue.keepAll();
    if (this.#busy > 0 || this.#queue.length > 0) await this.#idle(withinMs);
    this.#isStopped = true;
    const left = this.#queue.length + this.#inFlight;
    if (left > 0) this.#log.warn({ sink: this.#sink.name, left }, "payload log: events were not sent before the end");
    this.counts.add("unsent", this.#queue.length);
    await this.#sink.close();
  }

  readonly #add = (event: LogEvent): void => {
    if (this.#isStopped) this.counts.add("unsent");
    else if (this.#queue.offer(event)) this.#wakeSoon();
    else this.#drop("queue_full", "the queue is full");
  };

  #drop(outcome: "queue_full" | "too_late", reason: string): void {
    this.counts.add(outcome);
    this.#faults.tell(`an event is dropped: ${reason}`);
  }

  /** After the request's own work, so that it never pays for sending. */
  #wakeSoon(): void {
    if (this.#wakes || this.#busy >= this.#limits.workers) return;
    this.#wakes = true;
    setImmediate(() => {
      this.#wakes = false;
      const wanted = Math.ceil(this.#queue.length / this.#sink.maxBatchEvents);
      for (let i = Math.min(wanted, this.#limits.workers - this.#busy); i > 0; i -= 1) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#busy += 1;
    while (!this.#isStopped) {
      const batch = this.#takeBatch();
      if (batch.length === 0) break;
      await this.#deliver(batch);
    }
    this.#busy -= 1;
    if (this.#busy === 0 && this.#queue.length === 0) this.#whenIdle?.();
  }

  #takeBatch(): LogEvent[] {
    const batch: LogEvent[] = [];
    let bytes = 0;
    while (batch.length < this.#sink.maxBatchEvents) {
      const size = this.#queue.peek()?.length ?? 0;
      if (batch.length > 0 && bytes + size > this.#sink.maxBatchBytes) break;
      const event = this.#queue.take(performance.now());
      if (event === undefined) break;
      bytes += event.length;
      batch.push(event);
    }
    return batch;
  }

  async #deliver(batch: readonly LogEvent[]): Promise<void> {
    this.#inFlight += batch.length;
    const ready: ReadyEvent[] = [];
    for (const event of batch) ready.push({ event, body: await bodyOf(event, this.#queue) });
    const delivery = await this.#handOver(ready);
    this.counts.add(delivery.outcome, batch.length);
    if (delivery.outcome !== "sent") this.#faults.tell(delivery.reason);
    for (const { event, body } of ready) this.#queue.release(event.heldBytes + body.reservedBytes);
    this.#inFlight -= batch.length;
  }

  /** A worker outlives whatever happens to its events. */
  async #handOver(ready: readonly ReadyEvent[]): Promise<Delivery> {
    try {
      return await this.#sink.deliver(ready);
    } catch (error) {
      return { outcome: "failed", reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Waits until everything is sent, at most so long. */
  #idle(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#whenIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
