import type { Fault } from "../execute/call-error.ts";
import type { Transport } from "../graph/graph.ts";

/** Counts of clients' requests beside their durations; plain numbers, so that counting costs next to nothing. */
export class RequestMetrics {
  readonly inFlight: Record<Transport, number> = { rest: 0, grpc: 0 };
  /** Predictions and feedback that have come; whether more still come tells when it is time to stop. */
  arrivals = 0;
  /** Requests that were copies of live ones, by service. */
  readonly shadows = new Map<string, number>();
  /** Failed requests by cause. */
  readonly failures = new Map<Fault, number>();

  began(transport: Transport): void {
    this.inFlight[transport] += 1;
    this.arrivals += 1;
  }

  ended(transport: Transport): void {
    this.inFlight[transport] -= 1;
  }

  shadow(service: string): void {
    this.shadows.set(service, (this.shadows.get(service) ?? 0) + 1);
  }

  failed(fault: Fault): void {
    this.failures.set(fault, (this.failures.get(fault) ?? 0) + 1);
  }
}
