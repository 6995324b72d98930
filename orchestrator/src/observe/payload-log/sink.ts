import type { EventBody } from "./event-body.ts";
import type { LogEvent } from "./log-event.ts";

/** An event with its bytes at hand. */
export interface ReadyEvent {
  readonly event: LogEvent;
  readonly body: EventBody;
}

/** What became of the events of one delivery. */
export type Delivery = { readonly outcome: "sent" } | { readonly outcome: FailedOutcome; readonly reason: string };

/** rejected: it was answered, but not with success. failed: it could not be handed over. */
export type FailedOutcome = "rejected" | "failed" | "no_endpoint";

/** Where events go. */
export interface Sink {
  readonly name: "http" | "kafka";
  /** At most so many events are handed over at once. */
  readonly maxBatchEvents: number;
  /** And at most so many bytes, a single larger event excepted. */
  readonly maxBatchBytes: number;
  /** Hands events over; ends in bounded time. */
  deliver(events: readonly ReadyEvent[]): Promise<Delivery>;
  /** Lets go of connections, whatever is under way. */
  close(): Promise<void>;
}
