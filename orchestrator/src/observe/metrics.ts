import { FAULTS } from "../execute/call-error.ts";
import type { Transport } from "../graph/graph.ts";
import { DurationFamily } from "./duration-family.ts";
import { renderFamily, type Sample } from "./exposition.ts";
import { FAMILIES } from "./families.ts";
import { ProcessMetrics } from "./process-metrics.ts";
import { RequestMetrics } from "./request-metrics.ts";
import type { SpanCounts } from "./tracing/span-queue.ts";

/** What a scrape reads elsewhere. */
export interface Scraped {
  /** Graphs that have been taken into service. */
  readonly swaps: number;
  readonly pools: readonly NodePool[];
  /** Absent: tracing is off. */
  readonly spans: SpanCounts | undefined;
}

/** The calls to one node over one transport. Nodes behind one address share their pool, and each tells of all of it. */
export interface NodePool {
  readonly node: string;
  readonly transport: Transport;
  /** Calls that have a connection, and calls that wait for one. */
  readonly load: { readonly inUse: number; readonly waiting: number };
}

/** What the orchestrator itself counts. */
export class Metrics {
  readonly server = new DurationFamily(FAMILIES.server, FAMILIES.serverSummary);
  readonly client = new DurationFamily(FAMILIES.client, FAMILIES.clientSummary);
  readonly requests = new RequestMetrics();
  readonly process = new ProcessMetrics();

  /** Prometheus text. */
  render({ swaps, pools, spans }: Scraped): string {
    const { inFlight, failures, shadows } = this.requests;
    const sizes = (of: keyof NodePool["load"]): readonly Sample[] =>
      pools.map(({ node, transport, load }) => [[node, transport], load[of]]);
    return [
      this.server.render(),
      this.client.render(),
      renderFamily(FAMILIES.inFlight, entries(inFlight)),
      renderFamily(
        FAMILIES.failures,
        FAULTS.map((fault) => [[fault], failures.get(fault) ?? 0]),
      ),
      renderFamily(
        FAMILIES.shadows,
        [...shadows].map(([service, count]) => [[service], count]),
      ),
      renderFamily(FAMILIES.callsInUse, sizes("inUse")),
      renderFamily(FAMILIES.callsWaiting, sizes("waiting")),
      renderFamily(FAMILIES.graphs, [[[], swaps]]),
      renderFamily(FAMILIES.spans, spans === undefined ? [] : entries({ ...spans })),
      this.process.render(),
    ].join("");
  }
}

function entries(counts: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(counts).map(([name, count]) => [[name], count]);
}
