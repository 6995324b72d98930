import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_ISTIO_INSTALLATION } from "../../control-plane/src/render/istio/installation/options.ts";
import { renderIstioInstallation } from "../../control-plane/src/render/istio/installation/render.ts";
import type { Mesh } from "./mesh.ts";
import { chooseReach, chooseVersion, warnOfReach } from "./plan-install.ts";
import { missingParts, type Istiod, type Proxy } from "./proxies.ts";
import { verifyInstallation } from "./verify.ts";

const MESH: Mesh = {
  namespace: "istio-system",
  rootNamespace: "istio-system",
  versionText: undefined,
  versionSource: "",
  prunesGatewayClusters: false,
  hasDefaultRetries: true,
  pods: ["istiod-1"],
};
const INSTALLATION = { ...DEFAULT_ISTIO_INSTALLATION, sidecars: { ports: [8000] } };
const [GATEWAY = {}, OUTBOUND = {}] = renderIstioInstallation(INSTALLATION).value;
const FULL = JSON.stringify(GATEWAY);

function proxy(id: string, changes: Partial<Proxy> = {}): Proxy {
  return { id, kind: "gateway", version: "1.30.1", isInSync: true, ...changes };
}

function istiod(configs: Readonly<Record<string, string>>, proxies: readonly Proxy[]): Istiod {
  return {
    proxies: () => Promise.resolve(proxies),
    configOf: (id) => Promise.resolve(configs[id] ?? "{}"),
    version: () => Promise.resolve("unknown-unknown-unknown"),
  };
}

test("what a patch brings is recognised, and what it does not bring is missing", () => {
  assert.deepEqual(missingParts(FULL, "gateway"), []);
  assert.deepEqual(missingParts(JSON.stringify(OUTBOUND), "outbound"), []);
  const parts = ["the filter", "the stripping of headers", "mirrors by header", "the mark on copies"];
  assert.deepEqual(missingParts("{}", "gateway"), parts);
  assert.deepEqual(missingParts("{}", "inbound"), parts.slice(0, 2));
  assert.deepEqual(missingParts(FULL.replaceAll("x-graphway-predictor", ""), "gateway"), ["the stripping of headers"]);
  const dropped = (key: string, value: unknown): unknown => (key === "request_headers_mutations" ? undefined : value);
  assert.deepEqual(missingParts(JSON.stringify(GATEWAY, dropped), "gateway"), ["the mark on copies"]);
});

test("proxies are complete, have a part, refused, or are too old; those that are not meant are left out", async () => {
  const configs = {
    "a.x": FULL,
    "b.x": FULL.replaceAll("cluster_header", ""),
    "c.x": FULL,
    "side.x": JSON.stringify(OUTBOUND),
  };
  const proxies = [
    proxy("a.x"),
    proxy("b.x"),
    proxy("c.x", { isInSync: false }),
    proxy("d.x", { version: "1.26.0" }),
    proxy("e.x"),
    proxy("side.x", { kind: "sidecar" }),
  ];
  assert.deepEqual(await verifyInstallation(istiod(configs, proxies), INSTALLATION, MESH, 0), {
    complete: ["a.x", "side.x"],
    partial: [{ proxy: "b.x", missing: ["mirrors by header"] }],
    refused: ["c.x"],
    old: ["d.x"],
  });
});

test("EnvoyFilters outside of the root namespace concern its own proxies alone", async () => {
  const source = istiod({ "a.x": FULL, "a.y": FULL }, [proxy("a.x"), proxy("a.y")]);
  const seen = await verifyInstallation(source, { ...INSTALLATION, namespace: "y" }, MESH, 0);
  assert.deepEqual(seen.complete, ["a.y"]);
});

test("the version is what knows it best: the user, the pods, istiod, the oldest proxy", async () => {
  const source = istiod({}, []);
  const proxies = [proxy("a", { version: "1.31.0" }), proxy("b", { version: "1.9.0" }), proxy("c", { version: "" })];
  const kindOf = async (mesh: Mesh, given?: string): Promise<string> => {
    const { value, because } = await chooseVersion(mesh, source, proxies, given);
    return `${value.kind}: ${because}`;
  };
  assert.equal(await kindOf(MESH, "1.29.0"), "supported: you said so");
  assert.equal(await kindOf({ ...MESH, versionText: "1.28.1", versionSource: "its tag" }), "supported: its tag");
  assert.equal(await kindOf(MESH), "refused: its oldest proxy says so");
});

test("gateways without the mesh's clusters get one of their own, unless told otherwise", () => {
  const pruned = { ...MESH, prunesGatewayClusters: true };
  assert.deepEqual(chooseReach(MESH, false, undefined).value, { by: "mesh" });
  assert.deepEqual(chooseReach(pruned, false, undefined).value, { by: "cluster" });
  assert.deepEqual(chooseReach(pruned, false, { by: "mesh" }).value, { by: "mesh" });
  // Behind a sidecar plain text may be refused.
  assert.deepEqual(chooseReach(pruned, true, undefined).value, { by: "mesh" });
  assert.equal(warnOfReach(MESH, true, { by: "mesh" }), undefined);
  assert.match(warnOfReach(pruned, true, { by: "mesh" }) ?? "", /VirtualService/);
  assert.match(warnOfReach(MESH, true, { by: "cluster" }) ?? "", /strict mTLS/);
  assert.equal(warnOfReach(MESH, false, { by: "cluster" }), undefined);
});
