import { CallError } from "./call-error.ts";

/**
 * The life of a request or of one of its branches. Cancelling it stops everything registered below it, once.
 * Lighter than AbortSignal, which costs more than a node call's own bookkeeping.
 */
export class Scope {
  #error: CallError | undefined;
  #stops: Set<(error: CallError) => void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #detach: (() => void) | undefined;
  /** When the work must be done, in performance.now() time; Infinity when never. */
  readonly deadlineMs: number;

  /** `late` is what the error says when the scope's own deadline, earlier than its parent's, has passed. */
  constructor(deadlineMs: number, parent?: Scope, late = "the request's deadline has passed") {
    const parentDeadlineMs = parent?.deadlineMs ?? Infinity;
    this.deadlineMs = Math.min(deadlineMs, parentDeadlineMs);
    this.#detach = parent?.onCancel((error) => {
      this.cancel(error);
    });
    if (deadlineMs < parentDeadlineMs && this.#error === undefined) {
      const leftMs = Math.max(0, Math.min(deadlineMs - performance.now(), MAX_TIMER_MS));
      this.#timer = setTimeout(() => {
        this.cancel(new CallError("too-slow", late));
      }, leftMs);
    }
  }

  /** Why the scope was cancelled; undefined while it lives. */
  get error(): CallError | undefined {
    return this.#error;
  }

  cancel(error: CallError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    const stops = this.#stops;
    this.end();
    if (stops !== undefined) for (const stop of stops) stop(error);
  }

  /** Registers what stops some work. Called at once if the scope is cancelled already. Returns how to unregister. */
  onCancel(stop: (error: CallError) => void): () => void {
    if (this.#error !== undefined) {
      stop(this.#error);
      return NOTHING;
    }
    const stops = (this.#stops ??= new Set());
    stops.add(stop);
    return () => stops.delete(stop);
  }

  /** Lets go of timers and of the parent, without cancelling anything. */
  end(): void {
    clearTimeout(this.#timer);
    this.#stops = undefined;
    this.#detach?.();
  }
}

const MAX_TIMER_MS = 2_147_483_647;
const NOTHING = (): void => {};
