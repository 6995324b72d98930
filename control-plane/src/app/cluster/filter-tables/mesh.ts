import { meshViews, type MeshIdentity } from "../../../deliver/xds-identity/mesh-views.ts";
import { createTokenReviewer } from "../../../deliver/xds-identity/token-reviewer.ts";
import type { ViewFor } from "../../../deliver/xds-server/node-view.ts";
import type { ResourceStore } from "../../../deliver/xds-server/resource-store.ts";
import type { ApiClient } from "../../../kubernetes-api/api-client.ts";
import type { Clock } from "../../../kubernetes-api/clock.ts";
import { readFilterCode } from "../gateway/filter-code.ts";
import type { ReportError } from "../report-error.ts";
import type { MeshSettings } from "../settings/cluster-settings.ts";
import { createFilterTables, type FilterTables } from "./filter-tables.ts";
import { startMeshObjects } from "./mesh-objects.ts";

export interface MeshOptions {
  readonly client: ApiClient;
  readonly settings: MeshSettings;
  /** Undefined: all. */
  readonly namespace: string | undefined;
  /** DNS suffix of Services. */
  readonly clusterDomain: string;
  /** Of the tokens that proxies show, where they do. */
  readonly audience: string;
  readonly store: ResourceStore;
  readonly clock: Clock;
  /** Called with the keys of deployments that more or fewer proxies have taken in. */
  readonly onProgrammed: (keys: readonly string[]) => void;
  /** Told of every new table, and when what it says became known (monotonic milliseconds). */
  readonly onTable: (version: string, sinceMs: number) => void;
  readonly reportError: ReportError;
  /** See FilterTableOptions. */
  readonly maxTableBytes?: number;
}

/** What Istio's proxies are told: the filters' tables. */
export interface MeshService extends Pick<
  FilterTables,
  "onLook" | "forget" | "onEvent" | "begin" | "programmed" | "problemsOf"
> {
  /** Gateways and Sidecars are known, or can't be for a while. */
  readonly synced: Promise<void>;
  /** What a proxy may see. */
  views(onRefused: (nodeId: string, reason: string) => void): ViewFor;
  stop(): Promise<void>;
}

export function startMesh(options: MeshOptions): MeshService {
  const { client, settings, reportError } = options;
  const objects = startMeshObjects({
    ...options,
    rootNamespace: settings.rootNamespace,
    onChange: () => {
      tables.objectsChanged();
    },
    onError: (kind, error) => {
      reportError(`watching ${kind}`, error);
    },
  });
  const tables = createFilterTables({
    ...options,
    peersOnly: settings.peersOnly,
    maxScopesPerNamespace: settings.scopesPerNamespace,
    code: readFilterCode(),
    objects: () => objects.current(),
    onFault: (error) => {
      reportError("rendering a table for proxies", error);
    },
  });
  return {
    ...tables,
    synced: objects.synced,
    views: (onRefused) =>
      meshViews({
        identity: identityOf(settings, client, options.audience),
        hasGateways: isAmong(settings.gatewayNamespaces),
        storedName: (node, role) => tables.storedName(node, role),
        onRefused,
      }),
    stop: async () => {
      tables.stop();
      await objects.stop();
    },
  };
}

function identityOf({ identity, namespaces }: MeshSettings, client: ApiClient, audience: string): MeshIdentity {
  switch (identity) {
    case "scope":
      return { kind: "scope", isOurs: isAmong(namespaces) };
    case "peer":
      return { kind: "peer" };
    case "token":
      return { kind: "token", review: createTokenReviewer({ client, audience }) };
  }
}

/** `*` among the names stands for all. */
function isAmong(names: readonly string[]): (namespace: string) => boolean {
  return (namespace) => names.includes("*") || names.includes(namespace);
}
