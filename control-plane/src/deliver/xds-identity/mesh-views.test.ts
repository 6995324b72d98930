import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import { TYPE } from "../../render/xds/type-urls.ts";
import type { NodeView, XdsConnection, XdsNode } from "../xds-server/node-view.ts";
import { StreamRefused } from "../xds-server/stream-refused.ts";
import { isLoopback } from "./loopback.ts";
import { meshViews, type MeshIdentity, type MeshViewOptions } from "./mesh-views.ts";

const node = (kind: string, namespace: string): XdsNode => ({
  id: `${kind}~10.0.0.9~pod.${namespace}~${namespace}.svc.cluster.local`,
  cluster: "",
  metadata: { LABELS: { app: "x" } },
});
const CALLER = node("sidecar", "apps");
const GATEWAY = node("router", "istio-system");

/** From our own sidecar, which says who its peer is. */
function through(peer: string, address = "127.0.0.6"): XdsConnection {
  const value = `By=spiffe://cluster.local/ns/graphway/sa/graphway;URI=spiffe://cluster.local/ns/${peer}/sa/default`;
  return { address, headers: (name) => (name === "x-forwarded-client-cert" ? [value] : []) };
}

async function ask(
  from: XdsNode,
  identity: MeshIdentity,
  by: {
    readonly connection?: XdsConnection;
    readonly token?: string;
    readonly options?: Partial<MeshViewOptions>;
  } = {},
): Promise<NodeView | undefined> {
  const viewFor = meshViews({
    identity,
    hasGateways: (namespace) => namespace === "istio-system",
    storedName: ({ namespace }, role) => ({ kind: "name", name: `${role}#${namespace}` }),
    ...by.options,
  });
  const header = (name: string): string | undefined => (name === "authorization" ? by.token : undefined);
  return Promise.resolve(viewFor(from, header, by.connection));
}

async function refusal(asked: () => Promise<unknown>): Promise<StreamRefused> {
  try {
    await asked();
  } catch (error) {
    if (error instanceof StreamRefused) return error;
    throw error;
  }
  return assert.fail("it was let in");
}

const WORD: MeshIdentity = { kind: "scope", isOurs: (namespace) => namespace === "apps" };
const PEER: MeshIdentity = { kind: "peer" };
const TOKEN: MeshIdentity = {
  kind: "token",
  review: (token) => {
    if (token === "broken") return Promise.reject(new Error("no answer"));
    return Promise.resolve(token === "apps" ? { namespace: "apps", name: "default", pod: undefined } : undefined);
  },
};

describe("a proxy of Istio sees", () => {
  it("the tables of its kind and namespace, under the names that the filters ask by", async () => {
    const sidecar = await ask(CALLER, WORD);
    assert.deepEqual(
      [...(sidecar?.aliases?.get(TYPE.filterConfig) ?? [])],
      [
        ["graphway.outbound", "outbound#apps"],
        ["graphway.inbound", "inbound#apps"],
      ],
    );
    assert.equal(sidecar?.sees(TYPE.filterConfig, "outbound#apps"), true);
    assert.equal(sidecar.sees(TYPE.filterConfig, "outbound#models"), false);
    assert.equal(sidecar.sees(TYPE.filterConfig, "gateway#apps"), false);
    assert.equal(sidecar.sees(TYPE.inferenceGraph, "outbound#apps"), false);
    const gateway = await ask(GATEWAY, WORD);
    assert.deepEqual([...(gateway?.aliases?.get(TYPE.filterConfig)?.keys() ?? [])], ["graphway.gateway"]);
  });

  it("nothing on its word alone, where its namespace is not one of those that are believed", async () => {
    assert.match((await refusal(() => ask(node("sidecar", "other"), WORD))).message, /word of proxies .* other/);
    assert.match((await refusal(() => ask(node("router", "apps"), WORD))).message, /not one of those with gateways/);
    assert.match((await refusal(() => ask({ ...CALLER, id: "sidecar~x" }, WORD))).message, /which proxy it is/);
  });

  it("what its certificate says, behind our own sidecar, and never another namespace's", async () => {
    assert.ok(await ask(CALLER, PEER, { connection: through("apps") }));
    assert.ok(await ask(GATEWAY, PEER, { connection: through("istio-system") }));
    const other = await refusal(() => ask(CALLER, PEER, { connection: through("models") }));
    assert.equal(other.code, status.PERMISSION_DENIED);
    assert.match(other.message, /of namespace models is served nothing of apps/);
    // A gateway by its word, of a namespace that may have gateways, with the certificate of another one.
    assert.match((await refusal(() => ask(GATEWAY, PEER, { connection: through("apps") }))).message, /of istio-system/);
  });

  it("nothing by a certificate header that did not come from our own sidecar", async () => {
    for (const address of ["10.1.2.3", "", "128.0.0.1", "::2"]) {
      const late = await refusal(() => ask(CALLER, PEER, { connection: through("apps", address) }));
      assert.equal(late.code, status.UNAUTHENTICATED, address);
    }
    assert.equal((await refusal(() => ask(CALLER, PEER))).code, status.UNAUTHENTICATED);
    const none = { address: "127.0.0.1", headers: () => [] };
    assert.match((await refusal(() => ask(CALLER, PEER, { connection: none }))).message, /no certificate/);
  });

  it("what its token says", async () => {
    assert.ok(await ask(CALLER, TOKEN, { token: "Bearer apps" }));
    assert.equal((await refusal(() => ask(CALLER, TOKEN))).code, status.UNAUTHENTICATED);
    assert.equal((await refusal(() => ask(CALLER, TOKEN, { token: "Bearer bad" }))).code, status.UNAUTHENTICATED);
    assert.equal((await refusal(() => ask(CALLER, TOKEN, { token: "Bearer broken" }))).code, status.UNAVAILABLE);
    const other = await refusal(() => ask(node("sidecar", "models"), TOKEN, { token: "Bearer apps" }));
    assert.equal(other.code, status.PERMISSION_DENIED);
  });

  it("nothing when there are too many, and it is told why", async () => {
    const told: string[] = [];
    const storedName: MeshViewOptions["storedName"] = () => ({ kind: "shortage", why: "there are too many" });
    const options = { storedName, onRefused: (_: string, reason: string) => told.push(reason) };
    assert.equal((await refusal(() => ask(CALLER, WORD, { options }))).code, status.RESOURCE_EXHAUSTED);
    assert.deepEqual(told, ["there are too many"]);
  });
});

it("loopback is loopback in all its writings", () => {
  for (const address of ["127.0.0.1", "127.0.0.6", "::1", "::6", "::ffff:127.0.0.6", "::FFFF:127.0.0.1"])
    assert.ok(isLoopback(address), address);
  for (const address of ["", "10.0.0.1", "127.evil", "::ffff:10.0.0.1", "1270.0.0.1", "fe80::1"])
    assert.ok(!isLoopback(address), address);
});
