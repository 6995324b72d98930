import { RequestMetrics } from "./request-metrics.ts";
import { DurationFamily, renderValue } from "./registry.ts";

/** Everything the metrics path shows. */
export class Metrics {
  readonly server = new DurationFamily(
    "seldon_api_executor_server_requests_seconds",
    "A histogram of latencies for executor server",
  );
  readonly client = new DurationFamily(
    "seldon_api_executor_client_requests_seconds",
    "A histogram of latencies for client calls from executor",
  );

  readonly requests = new RequestMetrics();

  /** Prometheus text. `swaps` is how many graphs have been taken into service. */
  render(swaps: number): string {
    const cpu = process.cpuUsage();
    return [
      this.server.render(),
      this.client.render(),
      renderValue(
        "graphway_orchestrator_graphs_served_total",
        "counter",
        "Versions of the graph taken into service since the start.",
        swaps,
      ),
      renderValue(
        "process_cpu_seconds_total",
        "counter",
        "Total user and system CPU time spent in seconds.",
        (cpu.user + cpu.system) / 1e6,
      ),
      renderValue(
        "process_resident_memory_bytes",
        "gauge",
        "Resident memory size in bytes.",
        process.memoryUsage.rss(),
      ),
      renderValue(
        "process_start_time_seconds",
        "gauge",
        "Start time of the process since unix epoch in seconds.",
        Math.floor(Date.now() / 1000 - process.uptime()),
      ),
    ].join("");
  }
}
