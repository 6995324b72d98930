import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TYPE } from "../../render/xds/type-urls.ts";
import { setUp } from "./delta-for-tests.ts";

describe("delta: what is asked for", () => {
  it("a first request without names asks for all clusters and listeners", () => {
    for (const type of [TYPE.cluster, TYPE.listener]) {
      const { ask, next } = setUp(type, { a: "1", b: "1" });
      ask();
      assert.equal(next(), "a=1 b=1");
    }
  });

  it("a first request without names asks for nothing of other types, and is answered", () => {
    for (const type of [TYPE.endpoints, TYPE.routeConfiguration, TYPE.filterConfig, TYPE.inferenceGraph]) {
      const { ask, next, set } = setUp(type, { a: "1" });
      ask();
      assert.equal(next(), "");
      set({ a: "2" });
      assert.equal(next(), undefined);
    }
  });

  it("every first request is answered, even from an empty store", () => {
    const { ask, next } = setUp(TYPE.cluster);
    ask();
    assert.equal(next(), "");
    assert.equal(next(), undefined);
  });

  it("* asks for everything of any type", () => {
    const { ask, ack, next, set } = setUp(TYPE.routeConfiguration, { a: "1" });
    ask({ subscribe: ["*"] });
    assert.equal(next(), "a=1");
    ack();
    set({ b: "1" });
    assert.equal(next(), "b=1");
  });

  it("the legacy wildcard survives names being added and ends with an explicit *", () => {
    const { ask, ack, next, set } = setUp(TYPE.cluster, { a: "1" });
    ask();
    next();
    ack({ subscribe: ["x"] });
    assert.equal(next(), "-x");
    ack();
    set({ b: "1" });
    assert.equal(next(), "b=1");
    ack({ unsubscribe: ["*"] });
    set({ c: "1", x: "1" });
    assert.equal(next(), "x=1");
  });

  it("a name given up under a wildcard is answered with what it is now", () => {
    const { ask, ack, next } = setUp(TYPE.cluster, { a: "1" });
    ask({ subscribe: ["*", "a", "gone"] });
    assert.equal(next(), "-gone a=1");
    ack({ unsubscribe: ["a"] });
    assert.equal(next(), "a=1");
    ack({ unsubscribe: ["gone"] });
    assert.equal(next(), "-gone");
  });

  it("nothing is sent for a name given up", () => {
    const { ask, ack, next, set } = setUp(TYPE.endpoints, { a: "1", b: "1" });
    ask({ subscribe: ["a", "b"] });
    next();
    ack({ unsubscribe: ["a"] });
    set({ a: "2", b: "2" });
    assert.equal(next(), "b=2");
  });

  it("a name asked for again is sent again, whatever was sent before", () => {
    const { ask, ack, next } = setUp(TYPE.endpoints, { a: "1" });
    ask({ subscribe: ["a"] });
    assert.equal(next(), "a=1");
    ack();
    ask({ subscribe: ["a"] });
    assert.equal(next(), "a=1");
    ack({ unsubscribe: ["a"] });
    ask({ subscribe: ["a"] });
    assert.equal(next(), "a=1");
  });

  it("names count even in a request with a stale nonce", () => {
    const { ask, next, set } = setUp(TYPE.endpoints, { a: "1", b: "1" });
    ask({ subscribe: ["a"] });
    next();
    assert.equal(ask({ subscribe: ["b"], responseNonce: "999" }).kind, "stale");
    assert.equal(next(), undefined, "one response at a time");
    ask({ responseNonce: "1" });
    assert.equal(next(), "b=1");
    set({ a: "2" });
    ask({ responseNonce: "2" });
    assert.equal(next(), "a=2");
  });
});

describe("delta: what does not exist", () => {
  it("endpoints that do not exist are an empty list of them, and come when they exist", () => {
    const { ask, ack, subscription, set, next } = setUp(TYPE.endpoints);
    ask({ subscribe: ["a"] });
    const response = subscription.next({ allowRemovals: true });
    assert.deepEqual(
      response?.resources.map(({ name, resource }) => [name, Buffer.from(resource.bytes).toString()]),
      [["a", "\n\u0001a"]],
    );
    ack({ responseNonce: "1" });
    set({ a: "1" });
    assert.equal(next(), "a=1");
  });

  for (const type of [TYPE.routeConfiguration, TYPE.filterConfig, TYPE.endpoints, TYPE.inferenceGraph])
    it(`${type.slice(type.lastIndexOf(".") + 1)} is never removed`, () => {
      const { ask, ack, next, set, remove } = setUp(type, { a: "1" });
      ask({ subscribe: ["a"] });
      assert.equal(next(), "a=1");
      ack();
      remove("a");
      assert.equal(next(), undefined);
      ask({ subscribe: type === TYPE.endpoints ? [] : ["missing"] });
      assert.equal(next(), undefined);
      set({ a: "2" });
      assert.equal(next(), "a=2");
    });

  it("clusters and listeners are removed once", () => {
    const { ask, ack, next, remove } = setUp(TYPE.cluster, { a: "1", b: "1" });
    ask();
    next();
    ack();
    remove("a");
    assert.equal(next(), "-a");
    ack();
    assert.equal(next(), undefined);
  });

  it("removals wait for leave, additions do not", () => {
    const { ask, ack, next, set, remove, subscription } = setUp(TYPE.cluster, { a: "1" });
    ask();
    next();
    ack();
    remove("a");
    set({ b: "1" });
    assert.equal(next(false), "b=1");
    ack();
    assert.ok(subscription.hasRemovalsDue());
    assert.ok(!subscription.hasContentDue());
    assert.equal(next(false), undefined);
    assert.equal(next(true), "-a");
  });
});

describe("delta: reconnecting", () => {
  it("sends what changed and removes what went, of what the client came with", () => {
    const { ask, next, version } = setUp(TYPE.cluster, { same: "1", changed: "2", added: "1" });
    const initialVersions = new Map([
      ["same", version("1")],
      ["changed", version("1")],
      ["gone", version("1")],
    ]);
    ask({ initialVersions });
    assert.equal(next(), "-gone added=1 changed=2");
  });

  it("answers when nothing changed", () => {
    const { ask, next, version } = setUp(TYPE.cluster, { same: "1" });
    ask({ initialVersions: new Map([["same", version("1")]]) });
    assert.equal(next(), "");
  });

  it("sends names again although the client has them: Envoy may wait for them", () => {
    const { ask, next, version } = setUp(TYPE.endpoints, { a: "1" });
    ask({ subscribe: ["a"], initialVersions: new Map([["a", version("1")]]) });
    assert.equal(next(), "a=1");
  });
});
