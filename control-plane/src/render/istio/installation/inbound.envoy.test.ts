import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../../../../../scripts/free-port-for-tests.ts";
import { renderInboundTable } from "../../filter-table/render.ts";
import { createUpstreams } from "../../xds/calls-for-tests.ts";
import { startEnvoy, type RunningEnvoy } from "../../xds/envoy-for-tests.ts";
import { renderFilterConfig } from "../../xds/filter-config.ts";
import type { JsonObject, XdsResource } from "../../xds/resource.ts";
import { TRAPPING } from "../../xds/trapping-filter-for-tests.ts";
import { TYPE } from "../../xds/type-urls.ts";
import { DEFAULT_ISTIO_INSTALLATION } from "./options.ts";
import { renderIstioInstallation } from "./render.ts";

const FILTER = fileURLToPath(new URL("../../../../../build/filter/filter.wasm", import.meta.url));
const TABLE = renderInboundTable({ generation: 1n, peersOnly: false });

/** What nobody may see but the filters before it, and what is handed on: the orchestrator's, and anybody's. */
const GONE = {
  "x-graphway-force": "predictor=main",
  "x-graphway-explain": "1",
  "x-graphway-secret": "open sesame",
  "x-graphway-predictor": "main",
  "x-graphway-route": "main",
  "x-graphway-cluster": "a",
  "x-graphway-set-cookie": "a=b",
  "x-graphway-shadow-cluster-1": "b",
};
const KEPT = { "x-graphway-shadow": "1", "x-graphway-branch": "eg=1", "x-graphway-timeout-ms": "500", "x-user": "42" };

/** What there may be in the filter's place, and what Envoy says when it has met it. */
const FILTERS: readonly (readonly [what: string, filters: readonly XdsResource[] | "none", said: RegExp])[] = [
  ["is not installed", "none", /^/],
  ["is not there", [], /^/],
  ["has no table", [renderFilterConfig("inbound", new Uint8Array(), { filename: FILTER })], /^/],
  ["has trapped", [renderFilterConfig("inbound", new Uint8Array(), { inlineBytes: TRAPPING })], /unreachable/],
  ["works", [renderFilterConfig("inbound", TABLE, { filename: FILTER })], /^/],
];

interface Patch {
  readonly applyTo: string;
  readonly patch: { readonly value: JsonObject };
}

/** A sidecar's listener for what comes in, patched as istiod would. */
function listenerOf(port: number, hasFilter: boolean): XdsResource {
  const { value } = renderIstioInstallation({ ...DEFAULT_ISTIO_INSTALLATION, sidecars: { ports: [8000] } });
  const inbound = value.find((one) => (one["metadata"] as JsonObject)["name"] === "graphway-inbound");
  const { configPatches } = inbound?.["spec"] as unknown as { readonly configPatches: readonly Patch[] };
  const patched = (applyTo: string): readonly JsonObject[] =>
    configPatches.filter((one) => one.applyTo === applyTo).map(({ patch }) => patch.value);
  const [manager] = patched("NETWORK_FILTER") as readonly { readonly typed_config: JsonObject }[];
  const router = { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" };
  const typed_config = {
    ...manager?.typed_config,
    stat_prefix: "inbound",
    http_filters: [
      ...(hasFilter ? patched("HTTP_FILTER") : []),
      { name: "envoy.filters.http.router", typed_config: router },
    ],
    route_config: {
      virtual_hosts: [
        { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "node" } }] },
      ],
    },
  };
  const filters = [{ name: "envoy.filters.network.http_connection_manager", typed_config }];
  const body = {
    name: "inbound",
    address: { socket_address: { address: "127.0.0.1", port_value: port } },
    filter_chains: [{ filters }],
  };
  return { typeUrl: TYPE.listener, name: "inbound", body };
}

function clusterOf(port: number): XdsResource {
  const endpoint = { address: { socket_address: { address: "127.0.0.1", port_value: port } } };
  const load_assignment = { cluster_name: "node", endpoints: [{ lb_endpoints: [{ endpoint }] }] };
  return { typeUrl: TYPE.cluster, name: "node", body: { name: "node", type: "STATIC", load_assignment } };
}

for (const [what, filters, said] of FILTERS)
  describe(`in front of a predictor, where the filter ${what}`, () => {
    const upstreams = createUpstreams();
    let envoy: RunningEnvoy | undefined;
    after(async () => {
      await envoy?.stop();
      upstreams.close();
    });

    it("nobody behind it sees what was meant for filters, and all that is theirs", async () => {
      const port = await freePort();
      const node = await upstreams.rest("node", (_, response) => {
        response.end("answer");
      });
      const hasFilter = filters !== "none";
      const running = await startEnvoy(
        [listenerOf(port, hasFilter), clusterOf(node), ...(hasFilter ? filters : [])],
        port,
      );
      envoy = running;
      const call = (): Promise<Response> =>
        fetch(`http://127.0.0.1:${String(port)}/api/v1.0/predictions`, { headers: { ...GONE, ...KEPT } });
      const deadline = Date.now() + 60_000;
      for (;;) {
        const response = await call();
        await response.text();
        if (response.status === 200 && said.test(running.log())) break;
        assert.ok(Date.now() < deadline, "not in time");
        await delay(10);
      }
      const calls = upstreams.seen.filter(({ url }) => url === "/api/v1.0/predictions");
      assert.ok(calls.length > 0);
      for (const { headers } of calls) {
        const arrived = Object.keys(GONE).filter((name) => headers[name] !== undefined);
        assert.deepEqual(arrived, []);
        assert.deepEqual(Object.fromEntries(Object.keys(KEPT).map((name) => [name, headers[name]])), KEPT);
      }
    });
  });
