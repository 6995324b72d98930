import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import {
  configSource,
  startTestEnvoy,
  temporaryFolder,
  xdsSocket,
  type TestEnvoy,
} from "../../../deliver/xds-server/envoy-for-tests.ts";
import type { XdsEvent } from "../../../deliver/xds-server/events.ts";
import { SEES_ALL } from "../../../deliver/xds-server/node-view.ts";
import { createResourceStore } from "../../../deliver/xds-server/resource-store.ts";
import { clusterOf, endpointsOf, listenerOf, routesOf } from "../../../deliver/xds-server/resources-for-tests.ts";
import { startXdsServer } from "../../../deliver/xds-server/server.ts";
import { meshViews } from "../../../deliver/xds-identity/mesh-views.ts";
import { systemClock } from "../../../kubernetes-api/clock.ts";
import { freePort } from "../../../../../scripts/free-port-for-tests.ts";
import { TYPE } from "../../../render/xds/type-urls.ts";
import { readFilterCode } from "../gateway/filter-code.ts";
import { createFilterTables, type FilterTables } from "./filter-tables.ts";
import { planFor } from "./plans-for-tests.ts";

const SOURCE = configSource({ variant: "DELTA_GRPC", aggregated: false, folder: "", nodeId: "" });
/** The one deployment of the rig. */
export const KEY = "models/iris";

/** A real Envoy that is a gateway of Istio's, and our server with its tables; what istiod would give Envoy, the server gives too. */
export interface MeshRig {
  readonly tables: FilterTables;
  readonly envoy: TestEnvoy;
  /** What the server was told, the newest last. */
  readonly events: readonly XdsEvent[];
  /** Has the tables say these weights from now on. */
  readonly setWeights: (weights: Readonly<Record<string, number>>) => void;
  /** The predictor that the filter chose for a request of this id, or of one that Envoy makes. Throws when it is not answered with 200. */
  readonly ask: (requestId?: string) => Promise<string>;
  /** The server goes away. */
  readonly stopServer: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface MeshRigOptions {
  /** The filter's Wasm; default: ours. */
  readonly code?: Uint8Array;
  /** Shortest time between two tables; default 1000. */
  readonly intervalMs?: number;
  /** Told of every event as it comes. */
  readonly onEvent?: (event: XdsEvent) => void;
}

/** With all traffic to `main` at first. */
export async function startMeshRig({ code, intervalMs, onEvent }: MeshRigOptions = {}): Promise<MeshRig> {
  const temporary = await temporaryFolder();
  const undo: (() => unknown)[] = [() => temporary.remove()];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0)) await step();
  };
  try {
    const upstream = createServer((incoming, response) => {
      response.end(String(incoming.headers["x-graphway-predictor"]));
    });
    upstream.listen(0, "127.0.0.1");
    await once(upstream, "listening");
    undo.unshift(() => void upstream.close());
    const port = await freePort();
    const store = createResourceStore();
    const events: XdsEvent[] = [];
    const tables = createFilterTables({
      store,
      clock: systemClock,
      objects: () => ({ gateways: undefined, sidecars: undefined, rootNamespace: "istio-system" }),
      clusterDomain: "cluster.local",
      peersOnly: false,
      code: code ?? readFilterCode(),
      ...(intervalMs === undefined ? {} : { intervalMs }),
      onProgrammed: () => undefined,
      onFault: (error) => {
        throw error;
      },
    });
    undo.unshift(() => {
      tables.stop();
    });
    const views = meshViews({
      identity: { kind: "scope", isOurs: () => false },
      hasGateways: (namespace) => namespace === "istio-system",
      storedName: (node, role) => tables.storedName(node, role),
    });
    store.apply({
      set: [
        clusterOf("upstream", SOURCE),
        endpointsOf("upstream", (upstream.address() as AddressInfo).port),
        routesOf("routes", { "/": "upstream" }),
        listenerOf("main", port, "routes", SOURCE, [FILTER]),
      ],
      remove: [],
    });
    const setWeights = (weights: Readonly<Record<string, number>>): void => {
      tables.onLook({ step: { meshRoutes: planFor(KEY, {}, weights) } as never });
    };
    setWeights({ main: 100 });
    tables.begin();
    const server = await startXdsServer({
      address: `unix:${xdsSocket(temporary.path)}`,
      store,
      // Its filters by its own view; what istiod would give it, as it is.
      viewFor: async (node, header, connection) => {
        const own = await views(node, header, connection);
        return { ...own, sees: (typeUrl, name) => (own?.sees(typeUrl, name) ?? false) || isIstiods(typeUrl, name) };
      },
      onEvent: (event) => {
        events.push(event);
        tables.onEvent(event);
        onEvent?.(event);
      },
    });
    undo.unshift(() => server.close());
    const envoy = await startTestEnvoy({
      folder: temporary.path,
      nodeId: "router~127.0.0.1~gw.istio-system~istio-system.svc.cluster.local",
      variant: "DELTA_GRPC",
      aggregated: false,
    });
    undo.unshift(() => envoy.stop());
    const agent = new Agent({ keepAlive: true });
    undo.unshift(() => {
      agent.destroy();
    });
    return {
      tables,
      envoy,
      events,
      setWeights,
      ask: (requestId) => predictorFor(port, agent, requestId),
      stopServer: () => server.close(),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const FILTER = {
  name: "graphway.gateway",
  config_discovery: {
    config_source: SOURCE,
    default_config: { "@type": TYPE.rbac },
    apply_default_config_without_warming: true,
    type_urls: [TYPE.wasm, TYPE.rbac],
  },
};

function isIstiods(typeUrl: string, name: string): boolean {
  return typeUrl !== TYPE.filterConfig && SEES_ALL.sees(typeUrl, name);
}

function predictorFor(port: number, agent: Agent, requestId?: string): Promise<string> {
  const headers = requestId === undefined ? {} : { "x-request-id": requestId };
  return new Promise((resolve, reject) => {
    const path = "/seldon/models/iris/api/v1.0/predictions";
    const call = request({ host: "127.0.0.1", port, path, agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("error", reject).on("end", () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`answered with ${String(response.statusCode)}: ${text}`));
      });
    });
    call.on("error", reject).end();
  });
}
