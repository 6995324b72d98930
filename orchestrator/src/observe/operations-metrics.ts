import { renderFamily, type Sample } from "./exposition.ts";
import { FAMILIES } from "./families.ts";

/** Where a graph comes from; the control plane gives its graphs versions. */
export interface GraphSource {
  readonly source: "xds" | "local";
  readonly version: string;
}

/** What happened to the process itself: certificates, and graphs from the control plane. */
export class OperationsMetrics {
  readonly #tlsReloads = { success: 0, failure: 0 };
  #graphsRefused = 0;
  #xdsConnections = 0;
  #isXdsConnected: boolean | undefined;
  #graph: GraphSource | undefined;

  /** Files of a certificate changed, and are in use or were refused. */
  tlsReload(outcome: "success" | "failure"): void {
    this.#tlsReloads[outcome] += 1;
  }

  /** Another graph is served from now on. */
  graphServed(graph: GraphSource): void {
    this.#graph = graph;
  }

  /** The control plane sent a graph that can't be served. */
  graphRefused(): void {
    this.#graphsRefused += 1;
  }

  /** The stream to the control plane opened or ended. */
  xdsConnected(isConnected: boolean): void {
    this.#isXdsConnected = isConnected;
    if (isConnected) this.#xdsConnections += 1;
  }

  /** Prometheus text. */
  render(): string {
    const reloads = Object.entries(this.#tlsReloads).map(([outcome, count]): Sample => [[outcome], count]);
    const graph: Sample[] = this.#graph === undefined ? [] : [[[this.#graph.source, this.#graph.version], 1]];
    return renderFamily(FAMILIES.graphInfo, graph) + renderFamily(FAMILIES.tlsReloads, reloads) + this.#renderXds();
  }

  #renderXds(): string {
    if (this.#isXdsConnected === undefined) return "";
    return [
      renderFamily(FAMILIES.graphsRefused, [[[], this.#graphsRefused]]),
      renderFamily(FAMILIES.xdsConnections, [[[], this.#xdsConnections]]),
      renderFamily(FAMILIES.xdsConnected, [[[], this.#isXdsConnected ? 1 : 0]]),
    ].join("");
  }
}
