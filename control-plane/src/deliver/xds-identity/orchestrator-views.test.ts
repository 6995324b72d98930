import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import { ApiUnreachable } from "../../kubernetes-api/api-client.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import type { NodeView, XdsNode } from "../xds-server/node-view.ts";
import { StreamRefused } from "../xds-server/stream-refused.ts";
import { orchestratorViews, type OrchestratorViewOptions } from "./orchestrator-views.ts";
import type { ServiceAccount } from "./token-reviewer.ts";

const refusals: string[] = [];
afterEach(() => {
  refusals.length = 0;
});

const node = (id: string): XdsNode => ({ id, cluster: "", metadata: { ENGINE_PREDICTOR_SHA256: "h1" } });
const IRIS = node("orchestrator~models~iris~main");

async function ask(
  from: XdsNode,
  authorization: string | undefined,
  accounts: Readonly<Record<string, ServiceAccount>>,
  options: Partial<OrchestratorViewOptions> = {},
): Promise<NodeView | undefined> {
  const viewFor = orchestratorViews({
    reviewToken: (token) => Promise.resolve(accounts[token]),
    deploymentsOf: (key, predictor) => [`${key.split("/")[1] ?? ""}-${predictor}-0-model`],
    storedName: (graph, startedWith) => `${graph}#${startedWith}`,
    onRefused: (_, reason) => refusals.push(reason),
    ...options,
  });
  return viewFor(from, (name) => (name === "authorization" ? authorization : undefined));
}

const account = (namespace: string, pod?: string): ServiceAccount => ({ namespace, name: "default", pod });
const sees = (view: NodeView | undefined, name: string): boolean => view?.sees(TYPE.inferenceGraph, name) ?? false;

describe("an orchestrator sees", () => {
  it("the graph of its predictor, for its template, and nothing else", async () => {
    const view = await ask(IRIS, "Bearer t", { t: account("models", "iris-main-0-model-6d5f7-abcde") });
    assert.ok(sees(view, "models/iris/main#h1"));
    assert.ok(!sees(view, "models/iris/main#h2"));
    assert.ok(!sees(view, "models/iris/canary#h1"));
    assert.ok(!view?.sees(TYPE.cluster, "models/iris/main#h1"));
    assert.equal(view?.aliases?.get(TYPE.inferenceGraph)?.get("models/iris/main"), "models/iris/main#h1");
  });

  it("it too when its token says no pod", async () => {
    assert.ok(sees(await ask(IRIS, "bearer t", { t: account("models") }), "models/iris/main#h1"));
  });

  it("nothing when its token is of a pod of another deployment", async () => {
    const view = await ask(IRIS, "Bearer t", { t: account("models", "other-main-0-model-6d5f7-abcde") });
    assert.ok(!sees(view, "models/iris/main#h1"));
  });

  it("what it says where nobody has to show anything", async () => {
    assert.ok(sees(await ask(IRIS, undefined, {}, { reviewToken: undefined }), "models/iris/main#h1"));
  });

  for (const [who, from, authorization, accounts, code] of [
    ["shows no token", IRIS, undefined, {}, status.UNAUTHENTICATED],
    ["shows something else", IRIS, "Basic dDp0", {}, status.UNAUTHENTICATED],
    ["shows a bad token", IRIS, "Bearer x", {}, status.UNAUTHENTICATED],
    ["is of another namespace", IRIS, "Bearer t", { t: account("theirs") }, status.PERMISSION_DENIED],
    ["is no orchestrator", node("gateway~1"), "Bearer t", { t: account("models") }, status.PERMISSION_DENIED],
    [
      "has an odd name",
      node("orchestrator~models~iris"),
      "Bearer t",
      { t: account("models") },
      status.PERMISSION_DENIED,
    ],
  ] as const)
    it(`nothing, and is told so, when it ${who}`, async () => {
      await assert.rejects(
        () => ask(from, authorization, accounts),
        (error) => error instanceof StreamRefused && error.code === code,
      );
      assert.equal(refusals.length, 1);
    });

  it("nothing for now when the API server is away, and its token stands in no message", async () => {
    const reviewToken = (): Promise<never> => Promise.reject(new ApiUnreachable("connection refused"));
    await assert.rejects(
      () => ask(IRIS, "Bearer secret", {}, { reviewToken }),
      (error) => error instanceof StreamRefused && error.code === status.UNAVAILABLE,
    );
    assert.deepEqual(refusals, ["the token can't be reviewed: connection refused"]);
  });
});
