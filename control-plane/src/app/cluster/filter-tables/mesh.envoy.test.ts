import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import {
  configSource,
  eventually,
  startTestEnvoy,
  temporaryFolder,
  xdsSocket,
} from "../../../deliver/xds-server/envoy-for-tests.ts";
import type { XdsEvent } from "../../../deliver/xds-server/events.ts";
import { SEES_ALL } from "../../../deliver/xds-server/node-view.ts";
import { createResourceStore } from "../../../deliver/xds-server/resource-store.ts";
import { clusterOf, endpointsOf, listenerOf, routesOf } from "../../../deliver/xds-server/resources-for-tests.ts";
import { startXdsServer } from "../../../deliver/xds-server/server.ts";
import { meshViews } from "../../../deliver/xds-identity/mesh-views.ts";
import { systemClock } from "../../../kubernetes-api/clock.ts";
import { freePort } from "../../../render/xds/envoy-for-tests.ts";
import { TYPE } from "../../../render/xds/type-urls.ts";
import { readFilterCode } from "../gateway/filter-code.ts";
import { createFilterTables } from "./filter-tables.ts";
import { planFor } from "./plans-for-tests.ts";

const SOURCE = configSource({ variant: "DELTA_GRPC", aggregated: false, folder: "", nodeId: "" });
const REQUESTS = 60;

test("a real Envoy that is a gateway of Istio routes by the table, follows it and keeps it when we are gone", async () => {
  const temporary = await temporaryFolder();
  const undo: (() => unknown)[] = [() => temporary.remove()];
  try {
    const upstream = createServer((request, response) => {
      response.end(String(request.headers["x-graphway-predictor"]));
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
      code: readFilterCode(),
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
    const filter = {
      name: "graphway.gateway",
      config_discovery: {
        config_source: SOURCE,
        default_config: { "@type": TYPE.rbac },
        apply_default_config_without_warming: true,
        type_urls: [TYPE.wasm, TYPE.rbac],
      },
    };
    store.apply({
      set: [
        clusterOf("upstream", SOURCE),
        endpointsOf("upstream", (upstream.address() as AddressInfo).port),
        routesOf("routes", { "/": "upstream" }),
        listenerOf("main", port, "routes", SOURCE, [filter]),
      ],
      remove: [],
    });
    tables.onLook({ step: { routes: planFor("models/iris", {}, { main: 100 }) } as never });
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

    const ask = async (): Promise<string> =>
      (await fetch(`http://127.0.0.1:${port}/seldon/models/iris/api/v1.0/predictions`)).text();
    const share = async (): Promise<number> => {
      let canary = 0;
      for (let count = 0; count < REQUESTS; count += 1) if ((await ask()) === "canary") canary += 1;
      return canary / REQUESTS;
    };
    await eventually(ask, (answer) => answer === "main");
    await eventually(
      () => tables.programmed("models/iris"),
      (count) => count?.accepted === 1 && count.subscribed === 1,
    );
    tables.onLook({ step: { routes: planFor("models/iris", {}, { main: 50, canary: 50 }) } as never });
    await eventually(ask, (answer) => answer === "canary");
    const half = await share();
    assert.ok(half > 0.2 && half < 0.8, String(half));
    await eventually(
      () => tables.programmed("models/iris"),
      (count) => count?.accepted === 1,
    );
    // What was there before comes back, under a number of its own.
    tables.onLook({ step: { routes: planFor("models/iris", {}, { main: 100 }) } as never });
    await eventually(share, (canary) => canary === 0);
    tables.onLook({ step: { routes: planFor("models/iris", {}, { main: 0, canary: 100 }) } as never });
    await eventually(share, (canary) => canary === 1);
    assert.deepEqual(
      events.filter(({ kind }) => kind === "nack"),
      [],
    );
    await server.close();
    assert.equal(await share(), 1);
  } finally {
    for (const step of undo) await step();
  }
});

function isIstiods(typeUrl: string, name: string): boolean {
  return typeUrl !== TYPE.filterConfig && SEES_ALL.sees(typeUrl, name);
}
