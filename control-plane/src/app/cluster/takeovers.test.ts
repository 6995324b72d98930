import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { takeoverEntries } from "../../render/istio/takeover.ts";
import { createTakeoverIndex, takeoverRoutes, takeoverTarget } from "./takeovers.ts";

function deployment(name: string, annotations: Readonly<Record<string, string>> = {}): KubernetesObject {
  const apiVersion = "machinelearning.seldon.io/v1";
  return { apiVersion, kind: "SeldonDeployment", metadata: { name, namespace: "ns" }, spec: { annotations } };
}

const answering = (target: string) =>
  deployment("taker", { "seldon.io/ambassador-service-name": target, "seldon.io/ambassador-header": "city:london" });

function routes(name: string, http: readonly unknown[]): KubernetesObject {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name, namespace: "ns" },
    spec: { http },
  };
}

test("whom a deployment answers for is read from its annotations", () => {
  assert.equal(takeoverTarget(answering("other")), "ns/other");
  assert.equal(takeoverTarget(answering("taker")), undefined);
  assert.equal(takeoverTarget(deployment("plain")), undefined);
  assert.equal(takeoverTarget(undefined), undefined);
  const withoutHeader = deployment("taker", { "seldon.io/ambassador-service-name": "other" });
  assert.equal(takeoverTarget(withoutHeader), undefined);
});

test("the index follows edits and says whose routes they concern", () => {
  const index = createTakeoverIndex();
  assert.deepEqual(index.note("ns/taker", answering("one"), undefined), ["ns/one"]);
  assert.deepEqual(index.of("ns/one"), ["ns/taker"]);
  assert.deepEqual(index.note("ns/taker", answering("two"), answering("one")), ["ns/two", "ns/one"]);
  assert.deepEqual([index.of("ns/one"), index.of("ns/two")], [[], ["ns/taker"]]);
  assert.deepEqual(index.note("ns/taker", undefined, answering("two")), ["ns/two"]);
  assert.deepEqual(index.of("ns/two"), []);
});

test("nothing is taken over before there are routes", () => {
  const entry = { match: [{ uri: { prefix: "/seldon/ns/taker/" } }], route: [] };
  assert.equal(takeoverRoutes(answering("other"), []), undefined);
  assert.equal(takeoverRoutes(answering("other"), [routes("taker-main-explainer-http", [entry])]), undefined);
  assert.deepEqual(takeoverRoutes(answering("other"), [routes("taker", [entry])]), {
    from: { namespace: "ns", name: "taker" },
    headers: [{ name: "city", value: "london" }],
    http: [entry],
  });
});

test("two that answer for each other do not hand entries to and fro", () => {
  const own = { match: [{ uri: { prefix: "/seldon/ns/taker/" } }], route: [] };
  const taken = { name: "graphway.ns.taker.takeover.other.1", match: own.match, route: [] };
  const found = takeoverRoutes(answering("other"), [routes("taker", [taken, own])]);
  assert.ok(found !== undefined);
  assert.deepEqual(takeoverEntries({ namespace: "ns", name: "other" }, [found]), [
    {
      name: "graphway.ns.other.takeover.taker.1",
      match: [{ uri: { prefix: "/seldon/ns/other/" }, headers: { city: { exact: "london" } } }],
      route: [],
    },
  ]);
});
