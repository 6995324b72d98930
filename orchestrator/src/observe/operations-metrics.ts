import type { Reloaded } from "../tls/rotating-files.ts";
import { renderValue } from "./registry.ts";

/** What happened to the process itself: certificates, and graphs from the control plane. */
export class OperationsMetrics {
  readonly #tlsReloads = { success: 0, failure: 0 };
  #graphsRefused = 0;
  #xdsConnections = 0;
  #isXdsConnected: boolean | undefined;

  tlsReload(outcome: Reloaded["outcome"]): void {
    this.#tlsReloads[outcome] += 1;
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
    const reloads = "graphway_orchestrator_tls_reloads_total";
    const tls = [
      `# HELP ${reloads} Readings of TLS files that had changed; after a failure the ones before go on.`,
      `# TYPE ${reloads} counter`,
      ...Object.entries(this.#tlsReloads).map(([outcome, count]) => `${reloads}{outcome="${outcome}"} ${count}`),
    ];
    return `${tls.join("\n")}\n${this.#renderXds()}`;
  }

  #renderXds(): string {
    if (this.#isXdsConnected === undefined) return "";
    const refused = "Graphs of the control plane that were refused, with the reason, since the start.";
    return [
      renderValue("graphway_orchestrator_graphs_refused_total", "counter", refused, this.#graphsRefused),
      renderValue(
        "graphway_orchestrator_xds_connections_total",
        "counter",
        "Streams to the control plane that brought an answer.",
        this.#xdsConnections,
      ),
      renderValue(
        "graphway_orchestrator_xds_connected",
        "gauge",
        "1 while the control plane is connected.",
        this.#isXdsConnected ? 1 : 0,
      ),
    ].join("");
  }
}
