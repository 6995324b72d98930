import { renderFamily } from "../exposition.ts";
import { FAMILIES } from "../families.ts";
import type { Sink } from "./sink.ts";

/** What can become of an event. */
const OUTCOMES = ["sent", "rejected", "failed", "no_endpoint", "queue_full", "too_late", "unsent"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** How many payload log events ended how. */
export class EventCounts {
  readonly #counts = new Map<Outcome, number>(OUTCOMES.map((outcome) => [outcome, 0]));

  add(outcome: Outcome, events = 1): void {
    this.#counts.set(outcome, this.of(outcome) + events);
  }

  of(outcome: Outcome): number {
    return this.#counts.get(outcome) ?? 0;
  }

  /** Prometheus text, every outcome from the start. */
  render(sink: Sink["name"]): string {
    return renderFamily(
      FAMILIES.payloadLogEvents,
      OUTCOMES.map((outcome) => [[sink, outcome], this.of(outcome)]),
    );
  }
}
