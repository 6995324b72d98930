import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { versionOf } from "../../render/xds/encode.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import { SEES_ALL, visibleResources } from "./node-view.ts";
import { createResourceStore } from "./resource-store.ts";
import { createSotwSubscription } from "./sotw-subscription.ts";
import type { Receipt } from "./subscription.ts";

function setUp(typeUrl: string, initial: Readonly<Record<string, string>> = {}) {
  const store = createResourceStore();
  const visible = visibleResources(store, SEES_ALL, typeUrl);
  const subscription = createSotwSubscription(typeUrl, visible);
  store.onChange((changed) => {
    subscription.mark(visible.changed(changed.get(typeUrl) ?? new Set()));
  });
  const set = (contents: Readonly<Record<string, string>>): void => {
    const resources = Object.entries(contents).map(([name, text]) => {
      const bytes = Buffer.from(text);
      return { typeUrl, name, bytes, version: versionOf(bytes) };
    });
    store.apply({ set: resources, remove: [] });
  };
  set(initial);
  let nonce = "";
  return {
    subscription,
    set,
    remove: (name: string): void => {
      store.apply({ set: [], remove: [{ typeUrl, name }] });
    },
    ask: (names: readonly string[], responseNonce = nonce, errorMessage?: string): Receipt =>
      subscription.receive({ names, responseNonce, errorMessage }),
    next: (allowRemovals = true): string | undefined => {
      const response = subscription.next({ allowRemovals });
      if (response === undefined) return undefined;
      nonce = response.nonce;
      return response.resources
        .map(({ name, resource }) => `${name}=${Buffer.from(resource.bytes).toString()}`)
        .join(" ");
    },
  };
}

describe("state of the world", () => {
  it("a first request without names asks for all clusters; every response is the full set", () => {
    const { ask, next, set, remove } = setUp(TYPE.cluster, { a: "1", b: "1" });
    ask([]);
    assert.equal(next(), "a=1 b=1");
    ask([]);
    assert.equal(next(), undefined, "an answer is not answered");
    set({ b: "2" });
    assert.equal(next(), "a=1 b=2");
    ask([]);
    remove("a");
    assert.equal(next(), "b=2");
  });

  it("an empty set of clusters is an answer, an empty set of routes is not", () => {
    const clusters = setUp(TYPE.cluster);
    clusters.ask([]);
    assert.equal(clusters.next(), "");
    const routes = setUp(TYPE.routeConfiguration);
    routes.ask(["r"]);
    assert.equal(routes.next(), undefined);
    routes.set({ r: "1" });
    assert.equal(routes.next(), "r=1");
  });

  it("once something was named, no names means nothing", () => {
    const { ask, next, set } = setUp(TYPE.cluster, { a: "1", b: "1" });
    ask(["a"]);
    assert.equal(next(), "a=1");
    ask([]);
    assert.equal(next() ?? "", "");
    set({ a: "2" });
    assert.equal(next() ?? "", "");
  });

  it("* asks for everything until it is left out", () => {
    const { ask, next, set } = setUp(TYPE.filterConfig, { a: "1", b: "1" });
    ask(["*"]);
    assert.equal(next(), "a=1 b=1");
    ask(["b"]);
    assert.equal(next(), "b=1", "asked for by name for the first time");
    ask(["b"]);
    set({ a: "2" });
    assert.equal(next(), undefined);
    set({ b: "2" });
    assert.equal(next(), "b=2");
  });

  it("a request with an old nonce is ignored, also its names and its refusal", () => {
    const { ask, next, set } = setUp(TYPE.endpoints, { a: "1", b: "1" });
    ask(["a"]);
    next();
    ask(["a"]);
    set({ a: "2" });
    next();
    assert.equal(ask(["a", "b"], "1", "no").kind, "stale");
    assert.equal(ask(["a", "b"]).kind, "ack");
    assert.equal(next(), "a=2 b=1");
  });

  it("a longer list is answered at the same version, a shorter one is not", () => {
    const { ask, next } = setUp(TYPE.endpoints, { a: "1", b: "1" });
    ask(["a"]);
    assert.equal(next(), "a=1");
    ask(["a", "b"]);
    assert.equal(next(), "a=1 b=1");
    ask(["a"]);
    assert.equal(next(), undefined);
  });

  it("a burst of longer and longer lists gets one response for the newest", () => {
    const { ask, next } = setUp(TYPE.endpoints, { a: "1", b: "1", c: "1" });
    ask(["a"]);
    ask(["a", "b"]);
    ask(["a", "b", "c"]);
    assert.equal(next(), "a=1 b=1 c=1");
    assert.equal(next(), undefined);
  });

  it("asking again with the nonce of an answered response is a question: Envoy warms a cluster anew", () => {
    const { ask, next } = setUp(TYPE.endpoints, { a: "1" });
    ask(["a"]);
    next();
    assert.equal(ask(["a"]).kind, "ack");
    assert.equal(next(), undefined);
    assert.equal(ask(["a"]).kind, "none");
    assert.equal(next(), "a=1");
    assert.equal(ask(["a"]).kind, "ack");
    assert.equal(next(), undefined);
  });

  it("what was refused is not sent again; other content is", () => {
    const { ask, next, set, subscription } = setUp(TYPE.listener, { a: "1" });
    ask([]);
    next();
    ask([]);
    set({ a: "bad" });
    next();
    const receipt = ask([], undefined, "no");
    assert.ok(receipt.kind === "nack" && receipt.message === "no");
    assert.ok(subscription.isRefusing);
    assert.equal(next(), undefined);
    set({ a: "2" });
    assert.equal(next(), "a=2");
    ask([]);
    assert.ok(!subscription.isRefusing);
    set({ a: "bad" });
    assert.equal(next(), undefined);
  });

  it("what may not go yet stays in the full set", () => {
    const { ask, next, set, remove, subscription } = setUp(TYPE.cluster, { a: "1" });
    ask([]);
    next();
    ask([]);
    remove("a");
    assert.ok(subscription.hasRemovalsDue());
    assert.equal(next(false), undefined);
    set({ b: "1" });
    assert.equal(next(false)?.split(" ").sort().join(" "), "a=1 b=1");
    ask([]);
    assert.equal(next(true), "b=1");
  });

  it("missing endpoints are empty, and vanished ones stay", () => {
    const { ask, subscription, remove, next } = setUp(TYPE.endpoints, { a: "1" });
    ask(["a", "missing"]);
    const names = subscription.next({ allowRemovals: true })?.resources.map(({ name }) => name);
    assert.deepEqual(names, ["a", "missing"]);
    ask(["a", "missing"], "1");
    remove("a");
    assert.equal(next(), undefined);
  });

  it("a name asked for again before it exists is answered when it does, also with the content of before", () => {
    const { ask, next, set, remove } = setUp(TYPE.routeConfiguration, { a: "1" });
    ask(["a"], "");
    assert.equal(next(), "a=1");
    remove("a");
    ask([]);
    ask(["a"]);
    assert.equal(next(), undefined);
    set({ a: "1" });
    assert.equal(next(), "a=1");
  });

  it("a refusal that asks for less is answered with what is left", () => {
    const { ask, next, set, remove } = setUp(TYPE.cluster, { b: "1" });
    ask(["b"], "");
    assert.equal(next(), "b=1");
    ask(["b"]);
    remove("b");
    set({ c: "bad" });
    ask(["b", "c"]);
    assert.equal(next(), "c=bad");
    ask(["b"], "2", "no");
    assert.equal(next(), "");
  });
});
