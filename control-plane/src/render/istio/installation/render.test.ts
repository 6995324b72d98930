import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_SHADOWS_PER_REQUEST } from "#proto/vocabulary/limits.ts";
import type { JsonObject } from "../../xds/resource.ts";
import { DEFAULT_ISTIO_INSTALLATION, type IstioInstallation } from "./options.ts";
import { MAX_ISTIOD_TABLE_BYTES, renderIstiodTable, renderIstioInstallation } from "./render.ts";

interface Patch {
  readonly applyTo: string;
  readonly match: { readonly context: string; readonly [about: string]: unknown };
  readonly patch: { readonly operation: string; readonly value: JsonObject };
}

function installation(changes: Partial<IstioInstallation> = {}): IstioInstallation {
  return { ...DEFAULT_ISTIO_INSTALLATION, ...changes };
}

function render(changes: Partial<IstioInstallation> = {}): readonly JsonObject[] {
  const { value, problems } = renderIstioInstallation(installation(changes));
  assert.deepEqual(problems, []);
  return value;
}

function namesOf(objects: readonly JsonObject[]): readonly string[] {
  return objects.map((one) => (one["metadata"] as { readonly name: string }).name);
}

function patchesOf(object: JsonObject | undefined, applyTo?: string): readonly Patch[] {
  const { configPatches } = object?.["spec"] as unknown as { readonly configPatches: readonly Patch[] };
  return configPatches.filter((one) => applyTo === undefined || one.applyTo === applyTo);
}

function sourceOf(object: JsonObject | undefined): Record<string, unknown> {
  const [filter] = patchesOf(object, "HTTP_FILTER");
  const { config_discovery } = filter?.patch.value as unknown as {
    readonly config_discovery: { readonly config_source: Record<string, unknown> };
  };
  return config_discovery.config_source;
}

test("by default every gateway gets the filter from the mesh's own cluster, and nothing else is touched", () => {
  const objects = render();
  assert.deepEqual(namesOf(objects), ["graphway-gateway"]);
  const [gateway] = objects;
  assert.equal(JSON.stringify(gateway).includes("workloadSelector"), false);
  assert.deepEqual(
    patchesOf(gateway).map(({ applyTo, patch }) => `${patch.operation} ${applyTo}`),
    ["MERGE CLUSTER", "MERGE NETWORK_FILTER", "INSERT_BEFORE HTTP_FILTER", "MERGE HTTP_ROUTE"],
  );
  for (const { match } of patchesOf(gateway)) assert.equal(match.context, "GATEWAY");
  const text = JSON.stringify(sourceOf(gateway));
  assert.match(text, /"cluster_name":"outbound\|18000\|\|graphway-xds\.seldon-system\.svc\.cluster\.local"/);
  assert.match(text, /"authority":"graphway-xds\.seldon-system\.svc\.cluster\.local"/);
  assert.match(text, /"api_type":"DELTA_GRPC"/);
});

test("what clients may not say is removed before any filter, other people's headers are not", () => {
  const [strip] = patchesOf(render()[0], "NETWORK_FILTER");
  const text = JSON.stringify(strip);
  for (const header of [
    "predictor",
    "route",
    "shadow",
    "cluster",
    "branch",
    "decision",
    "set-cookie",
    "path",
    "routing",
  ])
    assert.ok(text.includes(`{"remove":"x-graphway-${header}"}`), header);
  assert.ok(text.includes('"prefix":"x-graphway-shadow-cluster-"'));
  for (const header of ["x-envoy", "force", "explain", "secret", "timeout-ms"])
    assert.ok(!text.includes(header), header);
});

test("routes get a mirror for every shadow that a request can have, and take off what only the filter is to see", () => {
  const [mirrors] = patchesOf(render()[0], "HTTP_ROUTE");
  const { request_headers_to_remove: removed, route } = mirrors?.patch.value as {
    readonly request_headers_to_remove: readonly string[];
    readonly route: { readonly request_mirror_policies: readonly JsonObject[] };
  };
  assert.equal(route.request_mirror_policies.length, MAX_SHADOWS_PER_REQUEST);
  assert.deepEqual(removed, ["x-graphway-force", "x-graphway-explain", "x-graphway-secret"]);
  assert.deepEqual(mirrors?.match["routeConfiguration"], { vhost: { route: { action: "ROUTE" } } });
});

test("sidecars get it on the ports of predictors alone, and pods of predictors what arrives", () => {
  const objects = render({ gateways: { istio: "ingressgateway" }, sidecars: { ports: [8000, 5001] } });
  assert.deepEqual(namesOf(objects), ["graphway-gateway", "graphway-outbound", "graphway-inbound"]);
  const [gateway, outbound, inbound] = objects;
  const selectorOf = (one?: JsonObject): unknown => (one?.["spec"] as JsonObject)["workloadSelector"];
  assert.deepEqual(selectorOf(gateway), { labels: { istio: "ingressgateway" } });
  assert.equal(selectorOf(outbound), undefined);
  assert.deepEqual(selectorOf(inbound), { labels: { "app.kubernetes.io/managed-by": "seldon-core" } });
  for (const applyTo of ["NETWORK_FILTER", "HTTP_FILTER", "HTTP_ROUTE"]) {
    const ports = patchesOf(outbound, applyTo).map(
      ({ match }) => /"portNumber":(\d+)/.exec(JSON.stringify(match))?.[1],
    );
    assert.deepEqual(ports, ["8000", "5001"], applyTo);
  }
  assert.deepEqual(patchesOf(inbound, "HTTP_ROUTE"), []);
  assert.ok(!JSON.stringify(patchesOf(inbound, "NETWORK_FILTER")).includes("x-graphway-branch"));
});

test("whichever cluster leads to us, proxies ask on it whether we live", () => {
  const mesh = render({ sidecars: { ports: [8000] } });
  const name = "outbound|18000||graphway-xds.seldon-system.svc.cluster.local";
  assert.deepEqual(
    mesh.map((one) => patchesOf(one, "CLUSTER").map(({ match }) => [match.context, match["cluster"]])),
    [[["GATEWAY", { name }]], [["SIDECAR_OUTBOUND", { name }]], []],
  );
  const own = render({ reach: { by: "cluster" } });
  for (const object of [...mesh.slice(0, 2), ...own])
    assert.match(JSON.stringify(patchesOf(object, "CLUSTER")), /"connection_keepalive":{"interval":"30s"/);
});

test("a cluster of ours is added where it is asked for, in plain text or by TLS", () => {
  const [plain] = render({ reach: { by: "cluster" } });
  const cluster = patchesOf(plain, "CLUSTER").at(0);
  assert.equal(cluster?.patch.operation, "ADD");
  assert.equal(cluster.patch.value["transport_socket"], undefined);
  assert.match(JSON.stringify(sourceOf(plain)), /"cluster_name":"graphway-xds"/);
  const [secured] = render({ reach: { by: "cluster", tls: { ca: "PEM" } } });
  assert.match(JSON.stringify(patchesOf(secured, "CLUSTER")), /"inline_string":"PEM"/);
});

test("by istiod nothing but its own stream is used, and the table is an object of its own", () => {
  const options = installation({ delivery: "istiod", reach: { by: "cluster" } });
  const [gateway] = renderIstioInstallation(options).value;
  assert.ok("ads" in sourceOf(gateway));
  assert.deepEqual(patchesOf(gateway, "CLUSTER"), []);
  const { value, problems } = renderIstiodTable(options, "gateway", Uint8Array.of(1), {
    inlineBytes: Uint8Array.of(2),
  });
  assert.deepEqual(problems, []);
  const [patch] = patchesOf(value);
  assert.equal(patch?.applyTo, "EXTENSION_CONFIG");
  assert.equal(patch.patch.value["name"], "graphway.gateway");
  assert.equal(renderIstiodTable(options, "inbound", Uint8Array.of(1), { filename: "f" }).value, undefined);
});

test("a table that istiod cannot hand out is a problem, not an object", () => {
  const table = new Uint8Array(MAX_ISTIOD_TABLE_BYTES + 1);
  const { value, problems } = renderIstiodTable(installation(), "gateway", table, { filename: "f" });
  assert.equal(value, undefined);
  assert.deepEqual(
    problems.map((one) => one.code),
    ["IstioTableTooLarge"],
  );
});

test("an installation that would harm or do nothing gives no object", () => {
  for (const changes of [
    { sidecars: { ports: [18000] } },
    { sidecars: { ports: [] } },
    { gateways: "none" },
  ] as const) {
    const { value, problems } = renderIstioInstallation(installation(changes));
    assert.deepEqual(value, []);
    assert.deepEqual(
      problems.map((one) => one.code),
      ["IstioInstallationInvalid"],
    );
  }
});
