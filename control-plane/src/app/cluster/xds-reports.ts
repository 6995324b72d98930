import { createPropagation } from "../../deliver/programmed/propagation.ts";
import { sumCounts, type ProgrammedCount } from "../../deliver/programmed/programmed.ts";
import { createXdsClients, type XdsClients } from "../../deliver/programmed/xds-clients.ts";
import type { XdsEvent } from "../../deliver/xds-server/events.ts";
import type { ResourceStore } from "../../deliver/xds-server/resource-store.ts";
import type { ApiClient } from "../../kubernetes-api/api-client.ts";
import type { Clock } from "../../kubernetes-api/clock.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import type { ControlPlaneMetrics } from "./metrics.ts";
import { startReplicaCounts } from "./replica-counts.ts";
import type { ReportError } from "./report-error.ts";
import type { ClusterSettings } from "./settings/cluster-settings.ts";

export interface XdsReportsOptions {
  readonly client: ApiClient;
  readonly settings: Pick<ClusterSettings, "ownNamespace" | "podName" | "podUid" | "leader">;
  readonly store: ResourceStore;
  readonly clock: Clock;
  readonly metrics: Pick<ControlPlaneMetrics, "xdsEvent" | "propagated">;
  /** Keys of all deployments. */
  readonly keys: () => readonly string[];
  /** What clients of this replica have accepted of a deployment. */
  readonly own: (key: string) => ProgrammedCount | undefined;
  /** Called with the keys that count otherwise on other replicas. */
  readonly onChange: (keys: readonly string[]) => void;
  readonly reportError: ReportError;
}

/** What clients of the xDS server did with what they were sent, for status, metrics and people. */
export interface XdsReports {
  onEvent(event: XdsEvent): void;
  /** A table says what became known at this time (monotonic milliseconds). */
  onTable(version: string, sinceMs: number): void;
  /** What this replica's clients have accepted may have changed. */
  note(): void;
  /** On all replicas; undefined: nobody subscribes. */
  programmed(key: string): ProgrammedCount | undefined;
  clients: XdsClients["report"];
  stop(): Promise<void>;
}

export function startXdsReports(options: XdsReportsOptions): XdsReports {
  const { settings, store, clock, metrics, own } = options;
  const clients = createXdsClients(() => clock.nowMs());
  const propagation = createPropagation({
    store,
    nowMs: () => clock.monotonicMs(),
    observe: (typeUrl, durationMs) => {
      metrics.propagated(typeUrl, durationMs);
    },
  });
  store.onChange((changed) => {
    propagation.onChange(changed);
  });
  // Without an election there is one replica.
  const replicas =
    settings.leader &&
    startReplicaCounts({
      ...options,
      ...settings,
      counts: () =>
        new Map(
          options
            .keys()
            .flatMap((key) => [[key, own(key)] as const])
            .filter(isKnown),
        ),
      onError: (error) => {
        options.reportError("counts of the replicas", error);
      },
    });
  return {
    onEvent(event) {
      metrics.xdsEvent(event);
      propagation.onEvent(event);
      clients.onEvent(event);
    },
    onTable: (version, sinceMs) => {
      propagation.knownSince(TYPE.filterConfig, version, sinceMs);
    },
    note: () => replicas?.note(),
    programmed: (key) => sumCounts([own(key), replicas?.others(key)]),
    clients: (nodePart) => clients.report(nodePart),
    stop: async () => {
      await replicas?.stop();
    },
  };
}

function isKnown(entry: readonly [string, ProgrammedCount | undefined]): entry is readonly [string, ProgrammedCount] {
  return entry[1] !== undefined;
}
