import { withoutTrace, writeTrace, type IncomingTrace, type OutgoingTrace, type TraceFormat } from "./propagation.ts";

/** The headers of one request with another trace context in them. */
export class TraceHeaders {
  readonly #pairs: readonly string[];
  readonly #incoming: IncomingTrace;
  readonly #formats: readonly TraceFormat[];
  #stripped: readonly string[] | undefined;

  constructor(pairs: readonly string[], incoming: IncomingTrace, formats: readonly TraceFormat[]) {
    this.#pairs = pairs;
    this.#incoming = incoming;
    this.#formats = formats;
  }

  with(pairs: readonly string[], trace: OutgoingTrace): readonly string[] {
    const stripped = pairs === this.#pairs ? (this.#stripped ??= this.#without(pairs)) : this.#without(pairs);
    const sent = stripped.slice();
    writeTrace(sent, trace, this.#formats);
    return sent;
  }

  get isDebug(): boolean {
    return this.#incoming.isDebug;
  }

  #without(pairs: readonly string[]): readonly string[] {
    return withoutTrace(pairs, this.#incoming.traceState !== "");
  }
}
