import type { LogEvent } from "./log-event.ts";

export interface QueueLimits {
  /** How many events may wait. */
  readonly maxEvents: number;
  /** Memory of the events that wait or are being sent. */
  readonly maxBytes: number;
  /** How long an event may wait. */
  readonly maxWaitMs: number;
}

/** Events in the order they came: bounded by count, memory and age. The newest is the one that is refused. */
export class EventQueue {
  readonly #limits: QueueLimits;
  readonly #onLate: (event: LogEvent) => void;
  #events: (LogEvent | undefined)[] = [];
  #head = 0;
  #heldBytes = 0;
  #expires = true;

  /** `onLate` hears of every event that waited too long. */
  constructor(limits: QueueLimits, onLate: (event: LogEvent) => void) {
    this.#limits = limits;
    this.#onLate = onLate;
  }

  /** How many events wait. */
  get length(): number {
    return this.#events.length - this.#head;
  }

  /** Memory of the events that wait or are being sent. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Takes an event in; false when there is no room for it. */
  offer(event: LogEvent): boolean {
    if (!this.#hasRoom(event)) {
      this.#dropLate(event.sinceMs);
      if (!this.#hasRoom(event)) return false;
    }
    this.#events.push(event);
    this.#heldBytes += event.heldBytes;
    return true;
  }

  /** The next event that is not too old. Its memory stays counted until it is released. */
  take(nowMs: number): LogEvent | undefined {
    this.#dropLate(nowMs);
    const event = this.#events[this.#head];
    if (event !== undefined) this.#forgetHead();
    return event;
  }

  /** The one that `take` would give, if nothing is too old. */
  peek(): LogEvent | undefined {
    return this.#events[this.#head];
  }

  /** Counts memory that a taken event needs while it is sent; false when there is not so much left. */
  reserve(bytes: number): boolean {
    if (this.#heldBytes + bytes > this.#limits.maxBytes) return false;
    this.#heldBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#heldBytes -= bytes;
  }

  /** From now on nothing is too old: the end is near, and its deadline is another one. */
  keepAll(): void {
    this.#expires = false;
  }

  #hasRoom(event: LogEvent): boolean {
    const { maxEvents, maxBytes } = this.#limits;
    return this.length < maxEvents && this.#heldBytes + event.heldBytes <= maxBytes;
  }

  #dropLate(nowMs: number): void {
    if (!this.#expires) return;
    for (;;) {
      const event = this.#events[this.#head];
      if (event === undefined || nowMs - event.sinceMs <= this.#limits.maxWaitMs) return;
      this.#forgetHead();
      this.#heldBytes -= event.heldBytes;
      this.#onLate(event);
    }
  }

  #forgetHead(): void {
    this.#events[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#events.length) {
      this.#events = [];
      this.#head = 0;
    } else if (this.#head >= COMPACT_FROM && this.#head * 2 >= this.#events.length) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
  }
}

const COMPACT_FROM = 1024;
