import { sumCounts, type ProgrammedCount } from "../../deliver/programmed/programmed.ts";
import { createResourceStore } from "../../deliver/xds-server/resource-store.ts";
import type { ApiClient } from "../../kubernetes-api/api-client.ts";
import type { Clock } from "../../kubernetes-api/clock.ts";
import type { Problem } from "../../problem/problem.ts";
import type { ObjectCache } from "../../source/kubernetes/object-cache.ts";
import type { Reflector } from "../../source/kubernetes/reflector.ts";
import { refusalProblems } from "./cluster-problems.ts";
import { startMesh } from "./filter-tables/mesh.ts";
import { startGateway } from "./gateway/gateway.ts";
import { createGraphShelf, type GraphShelf } from "./graph-shelf.ts";
import type { Logger } from "./log.ts";
import type { ControlPlaneMetrics } from "./metrics.ts";
import type { Look } from "./reconcile.ts";
import type { ReportError } from "./report-error.ts";
import { serveXds } from "./serve-xds.ts";
import type { ClusterSettings } from "./settings/cluster-settings.ts";
import { startXdsReports, type XdsReports } from "./xds-reports.ts";

export interface XdsDeliveryOptions {
  readonly client: ApiClient;
  readonly settings: ClusterSettings;
  readonly clock: Clock;
  readonly services: ObjectCache;
  /** Keys of all deployments. */
  readonly keys: () => readonly string[];
  readonly isLeader: () => boolean;
  /** Called with the keys of deployments of which there is something else to say. */
  readonly onChange: (keys: readonly string[]) => void;
  readonly metrics: Pick<ControlPlaneMetrics, "xdsEvent" | "propagated" | "xdsRefused">;
  readonly reportError: ReportError;
  readonly log: Logger;
}

/** Everything that is told over xDS: graphs to orchestrators, tables to Istio's proxies, all to our own gateways. */
export interface XdsDelivery {
  readonly shelf: GraphShelf;
  /** Where it is served. */
  readonly address: string;
  /** For the metrics, by kind. */
  readonly reflectors: ReadonlyMap<string, Reflector>;
  /** Everything that is needed has been listed. */
  readonly synced: Promise<unknown>;
  /** Answers from now on; nothing is sent before. To be called when every deployment has been looked at. */
  begin(): Promise<void>;
  onLook(look: Look): void;
  /** The deployment is gone. */
  forget(key: string): void;
  /** What users of a deployment should know: what clients refused, and what could not be rendered. */
  problemsOf(key: string): readonly Problem[];
  /** Who has accepted the newest of a deployment; undefined: nobody subscribes. */
  programmed(key: string): ProgrammedCount | undefined;
  /** See RolloutInput; absent where Istio's routes say it. */
  readonly routed?: (key: string) => ReadonlySet<string> | undefined;
  readonly clients: XdsReports["clients"];
  stop(): Promise<void>;
}

/** Throws when its port is taken. */
export async function startXdsDelivery(options: XdsDeliveryOptions): Promise<XdsDelivery> {
  const { client, settings, clock, isLeader, onChange, metrics, reportError, log } = options;
  const { namespace, ownNamespace } = settings;
  const store = createResourceStore();
  const shelf = createGraphShelf(store);
  const ready = Promise.withResolvers<undefined>();
  const onProgrammed = (keys: readonly string[]): void => {
    onChange(keys);
    reports.note();
  };
  const { maxTableBytes } = settings;
  const common = { client, namespace, store, clock, onProgrammed, reportError, maxTableBytes };
  const gateway =
    settings.gateway &&
    startGateway({
      ...common,
      settings: settings.gateway,
      ownNamespace,
      besideIstio: settings.rollout.istio,
      services: options.services,
      isLeader,
      onTold: (key) => {
        onChange([key]);
      },
      log,
    });
  const mesh =
    settings.mesh &&
    startMesh({
      ...common,
      settings: settings.mesh,
      clusterDomain: settings.plan.clusterDomain,
      audience: settings.xds.audience,
      onTable: (version, sinceMs) => {
        reports.onTable(version, sinceMs);
      },
    });
  const { server, programmed } = await serveXds({
    client,
    xds: settings.xds,
    gateway: settings.gateway && { namespace: ownNamespace, name: settings.gateway.serviceAccount },
    mesh: mesh && ((onRefused) => mesh.views(onRefused)),
    store,
    shelf,
    ready: ready.promise,
    onProgrammed: (key) => {
      onProgrammed([key]);
    },
    onEvent: (event) => {
      reports.onEvent(event);
      gateway?.onEvent(event);
      mesh?.onEvent(event);
    },
    onRefused: () => {
      metrics.xdsRefused();
    },
    log,
  });
  const reports = startXdsReports({
    client,
    settings,
    store,
    clock,
    metrics,
    keys: options.keys,
    own: (key) => sumCounts([programmed.count(key), mesh?.programmed(key), gateway?.programmed(key)]),
    onChange,
    reportError,
  });

  return {
    shelf,
    address: server.address,
    reflectors: gateway?.reflectors ?? new Map<string, Reflector>(),
    synced: Promise.all([gateway?.synced, mesh?.synced]),
    async begin() {
      await gateway?.begin(server);
      mesh?.begin();
      ready.resolve(undefined);
    },
    onLook(look) {
      gateway?.onLook(look);
      mesh?.onLook(look);
    },
    forget(key) {
      gateway?.forget(key);
      mesh?.forget(key);
    },
    problemsOf: (key) => [
      ...refusalProblems(key, programmed.refusal(key)),
      ...(mesh?.problemsOf(key) ?? []),
      ...(gateway?.problemsOf(key) ?? []),
    ],
    programmed: (key) => reports.programmed(key),
    ...(gateway === undefined || settings.rollout.istio ? {} : { routed: (key) => gateway.routed(key) }),
    clients: (nodePart) => reports.clients(nodePart),
    async stop() {
      await Promise.all([gateway?.stop(), mesh?.stop(), reports.stop(), server.close()]);
    },
  };
}
