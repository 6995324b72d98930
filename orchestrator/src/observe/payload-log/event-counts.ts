import type { Sink } from "./sink.ts";

/** What can become of an event. */
export const OUTCOMES = ["sent", "rejected", "failed", "no_endpoint", "queue_full", "too_late", "unsent"] as const;
export type Outcome = (typeof OUTCOMES)[number];

const NAME = "graphway_orchestrator_payload_log_events_total";

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
    const lines = OUTCOMES.map((outcome) => `${NAME}{sink="${sink}",outcome="${outcome}"} ${this.of(outcome)}`);
    return [`# HELP ${NAME} Payload log events by what became of them.`, `# TYPE ${NAME} counter`, ...lines, ""].join(
      "\n",
    );
  }
}
