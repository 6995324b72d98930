import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { TYPE } from "../../render/xds/type-urls.ts";
import { freePort } from "../../../../scripts/free-port-for-tests.ts";
import {
  configSource,
  eventually,
  startTestEnvoy,
  temporaryFolder,
  xdsSocket,
  type TestEnvoy,
  type TestEnvoyOptions,
} from "./envoy-for-tests.ts";
import type { XdsEvent } from "./events.ts";
import { createResourceStore, type ResourceStore } from "./resource-store.ts";
import { clusterOf, discoveredFilter, endpointsOf, headerFilter, listenerOf, routesOf } from "./resources-for-tests.ts";
import { startXdsServer, type XdsServer } from "./server.ts";

/** An upstream that says its name and the header a discovered filter sets. */
async function startUpstream(name: string): Promise<{ server: Server; port: number }> {
  const server = createServer((request, response) => {
    response.end(`${name} ${String(request.headers["x-test"])}`);
  });
  server.keepAliveTimeout = 0; // closes no connection on which a request may be on its way
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

const WAYS: readonly Pick<TestEnvoyOptions, "variant" | "aggregated">[] = [
  { variant: "DELTA_GRPC", aggregated: true },
  { variant: "GRPC", aggregated: true },
  { variant: "DELTA_GRPC", aggregated: false },
  { variant: "GRPC", aggregated: false },
];

for (const way of WAYS) {
  describe(`a real Envoy over ${way.variant}, ${way.aggregated ? "aggregated" : "a stream per type"}`, () => {
    const source = configSource({ ...way, folder: "", nodeId: "" });
    const events: XdsEvent[] = [];
    const upstreams: Server[] = [];
    const undo: (() => Promise<void>)[] = [];
    let store: ResourceStore;
    let server: XdsServer;
    let envoy: TestEnvoy;
    let folder: string;
    let port: number;
    let ports: { one: number; two: number };

    const get = async (path: string): Promise<string> => {
      const response = await fetch(`http://127.0.0.1:${String(port)}${path}`);
      return `${String(response.status)} ${await response.text()}`;
    };
    const nacks = (): XdsEvent[] => events.filter((event) => event.kind === "nack");
    const start = (): Promise<XdsServer> =>
      startXdsServer({ address: `unix:${xdsSocket(folder)}`, store, onEvent: (event) => events.push(event) });

    before(setUp);

    async function setUp(): Promise<void> {
      const temporary = await temporaryFolder();
      folder = temporary.path;
      undo.push(() => temporary.remove());
      const [one, two] = [await startUpstream("one"), await startUpstream("two")];
      upstreams.push(one.server, two.server);
      ports = { one: one.port, two: two.port };
      port = await freePort();
      store = createResourceStore();
      store.apply({
        set: [
          clusterOf("one", source),
          endpointsOf("one", ports.one),
          routesOf("routes", { "/": "one" }),
          listenerOf("main", port, "routes", source, [discoveredFilter("mark", source)]),
          headerFilter("mark", "v1"),
        ],
        remove: [],
      });
      server = await start();
      envoy = await startTestEnvoy({ ...way, folder, nodeId: "gateway~test" });
      undo.unshift(
        () => envoy.stop(),
        async () => {
          await server.close();
        },
      );
    }

    after(async () => {
      for (const step of undo) await step();
      for (const one of upstreams) one.close();
    });

    it("gets everything it needs to serve", async () => {
      await eventually(
        () => get("/"),
        (answer) => answer === "200 one v1",
      );
      assert.deepEqual(nacks(), []);
      await eventually(
        () => events.some((event) => event.kind === "ack" && event.typeUrl === TYPE.filterConfig),
        (accepted) => accepted,
      );
    });

    it("moves to a new cluster and loses no request", async () => {
      let busy = true as boolean;
      const failed: string[] = [];
      const traffic = (async () => {
        while (busy) {
          const answer = await get("/");
          if (!answer.startsWith("200")) failed.push(answer);
        }
      })();
      store.apply({
        set: [clusterOf("two", source), endpointsOf("two", ports.two), routesOf("routes", { "/": "two" })],
        remove: [
          { typeUrl: TYPE.cluster, name: "one" },
          { typeUrl: TYPE.endpoints, name: "one" },
        ],
      });
      await eventually(
        () => get("/"),
        (answer) => answer === "200 two v1",
      );
      await eventually(
        () => envoy.admin("/clusters"),
        (text) => !/^one::/m.test(text),
      );
      busy = false;
      await traffic;
      // Streams per type have no order among each other.
      if (way.aggregated) assert.deepEqual(failed, []);
    });

    it("a cluster that changed is in force once its endpoints are there again, not after a time", async () => {
      const thresholds = [{ max_connections: 7 }];
      store.apply({ set: [clusterOf("two", source, { circuit_breakers: { thresholds } })], remove: [] });
      await eventually(
        () => envoy.admin("/clusters"),
        (text) => text.includes("two::default_priority::max_connections::7\n"),
      );
      // Envoy itself goes on without endpoints after 15 s, and counts that.
      assert.match(await envoy.admin("/stats?filter=init_fetch_timeout"), /^cluster\.two\.init_fetch_timeout: 0$/m);
      assert.equal(await get("/"), "200 two v1");
    });

    it("takes a new filter configuration", async () => {
      store.apply({ set: [headerFilter("mark", "v2")], remove: [] });
      await eventually(
        () => get("/"),
        (answer) => answer === "200 two v2",
      );
    });

    it("refuses what is wrong, says so once, and goes on with what it has", async () => {
      const earlier = nacks().length;
      store.apply({ set: [listenerOf("broken", 0, "routes", source, [{ name: "x" }])], remove: [] });
      await eventually(
        () => nacks().length,
        (count) => count === earlier + 1,
      );
      const [nack] = nacks().slice(-1);
      assert.ok(nack?.kind === "nack" && nack.typeUrl === TYPE.listener && nack.message !== "");
      assert.equal(await get("/"), "200 two v2");
      store.apply({ set: [], remove: [{ typeUrl: TYPE.listener, name: "broken" }] });
      store.apply({ set: [headerFilter("mark", "v3")], remove: [] });
      await eventually(
        () => get("/"),
        (answer) => answer === "200 two v3",
      );
      assert.equal(nacks().length, earlier + 1);
    });

    it("goes on while the server is away and hears of what it missed", async () => {
      await server.close();
      store.apply({ set: [headerFilter("mark", "v4")], remove: [] });
      assert.equal(await get("/"), "200 two v3");
      server = await start();
      await eventually(
        () => get("/"),
        (answer) => answer === "200 two v4",
      );
    });
  });
}
