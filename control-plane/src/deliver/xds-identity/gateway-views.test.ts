import { status } from "@grpc/grpc-js";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TYPE } from "../../render/xds/type-urls.ts";
import type { NodeView, XdsNode } from "../xds-server/node-view.ts";
import { StreamRefused } from "../xds-server/stream-refused.ts";
import { gatewayViews, STORED_GATEWAY_FILTER } from "./gateway-views.ts";
import type { ServiceAccount, TokenReviewer } from "./token-reviewer.ts";

const OURS = { namespace: "system", name: "graphway-gateway" };
const ACCOUNTS: Readonly<Record<string, ServiceAccount>> = {
  good: { ...OURS, pod: "gw-1" },
  unbound: { ...OURS, pod: undefined },
  otherPod: { ...OURS, pod: "gw-2" },
  otherAccount: { namespace: "system", name: "default", pod: "gw-1" },
  otherNamespace: { namespace: "models", name: "graphway-gateway", pod: "gw-1" },
};
const review: TokenReviewer = (token) =>
  token === "away" ? Promise.reject(new Error("no API server")) : Promise.resolve(ACCOUNTS[token]);

function node(id: string): XdsNode {
  return { id, cluster: "", metadata: {} };
}

async function viewOf(id: string, token?: string, reviewToken: TokenReviewer | undefined = review): Promise<NodeView> {
  const views = gatewayViews({ reviewToken, serviceAccount: OURS });
  const view = await views(node(id), (name) =>
    name === "authorization" && token !== undefined ? `Bearer ${token}` : undefined,
  );
  assert.ok(view);
  return view;
}

const GATEWAY = "gateway~system~graphway-gateway~gw-1";

describe("the view of a gateway", () => {
  it("has what gateways need, with the filter under its own name, and nothing of others", async () => {
    for (const token of ["good", "unbound"]) {
      const view = await viewOf(GATEWAY, token);
      for (const type of [TYPE.cluster, TYPE.endpoints, TYPE.listener, TYPE.routeConfiguration, TYPE.secret])
        assert.equal(view.sees(type, "any"), true);
      for (const filter of [STORED_GATEWAY_FILTER, "graphway.limits"])
        assert.equal(view.sees(TYPE.filterConfig, filter), true);
      assert.equal(view.aliases?.get(TYPE.filterConfig)?.get("graphway.gateway"), STORED_GATEWAY_FILTER);
      assert.equal(view.sees(TYPE.filterConfig, "of/others"), false);
      assert.equal(view.sees(TYPE.inferenceGraph, "ns/dep/main"), false);
    }
  });

  const refused: readonly (readonly [string, string, string | undefined, status])[] = [
    ["no token", GATEWAY, undefined, status.UNAUTHENTICATED],
    ["a token that is nobody's", GATEWAY, "unknown", status.UNAUTHENTICATED],
    ["a token that can't be reviewed", GATEWAY, "away", status.UNAVAILABLE],
    ["another service account", GATEWAY, "otherAccount", status.PERMISSION_DENIED],
    ["another namespace", GATEWAY, "otherNamespace", status.PERMISSION_DENIED],
    ["another pod", GATEWAY, "otherPod", status.PERMISSION_DENIED],
    ["a claim of another namespace", "gateway~models~graphway-gateway~gw-1", "good", status.PERMISSION_DENIED],
    ["a name that says too little", "gateway~system~gw-1", "good", status.PERMISSION_DENIED],
    ["a name that says too much", `${GATEWAY}~x`, "good", status.PERMISSION_DENIED],
  ];
  for (const [what, id, token, code] of refused)
    it(`is refused to ${what}`, async () => {
      await assert.rejects(viewOf(id, token), (error) => error instanceof StreamRefused && error.code === code);
    });

  it("is anybody's where nothing is reviewed", () => {
    const views = gatewayViews({ reviewToken: undefined, serviceAccount: OURS });
    assert.ok(views(node(GATEWAY), () => undefined));
  });
});
