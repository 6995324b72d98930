import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { versionOf } from "../../render/xds/encode.ts";
import type { EncodedResource } from "../../render/xds/resource.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import { createDeltaSubscription, type DeltaRequest } from "./delta-subscription.ts";
import { SEES_ALL, visibleResources } from "./node-view.ts";
import { createResourceStore } from "./resource-store.ts";
import type { Receipt } from "./subscription.ts";

/** A subscription with a store behind it, in words short enough for tables. */
function setUp(typeUrl: string, initial: Readonly<Record<string, string>> = {}) {
  const store = createResourceStore();
  const visible = visibleResources(store, SEES_ALL, typeUrl);
  const subscription = createDeltaSubscription(typeUrl, visible);
  store.onChange((changed) => {
    subscription.mark(visible.changed(changed.get(typeUrl) ?? new Set()));
  });
  const resource = (name: string, content: string): EncodedResource => {
    const bytes = Buffer.from(content);
    return { typeUrl, name, bytes, version: versionOf(bytes) };
  };
  const set = (contents: Readonly<Record<string, string>>): void => {
    store.apply({ set: Object.entries(contents).map(([name, text]) => resource(name, text)), remove: [] });
  };
  set(initial);
  let lastNonce = "";
  return {
    subscription,
    set,
    remove: (...names: readonly string[]): void => {
      store.apply({ set: [], remove: names.map((name) => ({ typeUrl, name })) });
    },
    version: (content: string) => versionOf(Buffer.from(content)),
    ask: (request: Partial<DeltaRequest> = {}): Receipt =>
      subscription.receive({
        subscribe: [],
        unsubscribe: [],
        initialVersions: new Map(),
        responseNonce: "",
        errorMessage: undefined,
        ...request,
      }),
    ack: (request: Partial<DeltaRequest> = {}): Receipt =>
      subscription.receive({
        subscribe: [],
        unsubscribe: [],
        initialVersions: new Map(),
        responseNonce: lastNonce,
        errorMessage: undefined,
        ...request,
      }),
    /** `name=content` and `-name` of the next response; undefined when there is none. */
    next: (allowRemovals = true): string | undefined => {
      const response = subscription.next({ allowRemovals });
      if (response === undefined) return undefined;
      lastNonce = response.nonce;
      const sent = response.resources.map(
        ({ name, resource: { bytes } }) => `${name}=${Buffer.from(bytes).toString()}`,
      );
      return [...sent, ...response.removed.map((name) => `-${name}`)].sort().join(" ");
    },
  };
}

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

describe("delta: answers", () => {
  it("one response is out at a time and the newest content wins", () => {
    const { ask, ack, next, set } = setUp(TYPE.cluster, { a: "1" });
    ask();
    assert.equal(next(), "a=1");
    set({ a: "2" });
    set({ a: "3" });
    assert.equal(next(), undefined);
    assert.equal(ack().kind, "ack");
    assert.equal(next(), "a=3");
  });

  it("what changed and changed back is not sent", () => {
    const { ask, ack, next, set } = setUp(TYPE.cluster, { a: "1" });
    ask();
    next();
    set({ a: "2" });
    set({ a: "1" });
    ack();
    assert.equal(next(), undefined);
  });

  it("an answer with error_detail is a refusal, and what was refused is not sent again", () => {
    const { ask, ack, next, set, subscription } = setUp(TYPE.filterConfig, { a: "1" });
    ask({ subscribe: ["a"] });
    next();
    ack();
    set({ a: "bad" });
    assert.equal(next(), "a=bad");
    const receipt = ack({ errorMessage: "no" });
    assert.ok(receipt.kind === "nack" && receipt.message === "no");
    assert.ok(subscription.isRefusing);
    assert.equal(next(), undefined);
    set({ a: "1" });
    assert.equal(next(), "a=1");
    ack();
    assert.ok(!subscription.isRefusing);
    set({ a: "bad" });
    assert.equal(next(), undefined);
    set({ a: "2" });
    assert.equal(next(), "a=2");
  });

  it("what was refused in company is sent again alone, and only the bad one is lost", () => {
    const { ask, ack, next, version, subscription } = setUp(TYPE.filterConfig, { a: "1", bad: "1", c: "1" });
    ask({ subscribe: ["a", "bad", "c"] });
    assert.equal(next(), "a=1 bad=1 c=1");
    ack({ errorMessage: "no" });
    assert.equal(next(), "a=1");
    ack();
    assert.equal(next(), "bad=1");
    ack({ errorMessage: "no" });
    assert.equal(next(), "c=1");
    assert.ok(!subscription.hasAnswered("c", version("1")));
    ack();
    assert.equal(next(), undefined);
    assert.ok(subscription.hasAnswered("bad", version("1")) && subscription.isRefusing);
  });

  it("a refused name is sent when it is asked for anew", () => {
    const { ask, ack, next } = setUp(TYPE.filterConfig, { a: "bad" });
    ask({ subscribe: ["a"] });
    next();
    ack({ errorMessage: "no" });
    ask({ unsubscribe: ["a"] });
    ask({ subscribe: ["a"] });
    assert.equal(next(), "a=bad");
  });

  const givenUpAndAskedForAnew = [
    { gives: ["a"], asks: ["*"], of: "a name, then everything" },
    { gives: ["*"], asks: ["*"], of: "everything, then everything" },
    { gives: ["*"], asks: ["a"], of: "everything, then a name" },
  ];
  for (const type of [TYPE.cluster, TYPE.routeConfiguration])
    for (const { gives, asks, of } of givenUpAndAskedForAnew)
      it(`${type.slice(type.lastIndexOf(".") + 1)}: who gives up ${of} is sent again what it refused`, () => {
        const { ask, ack, next } = setUp(type, { a: "bad" });
        ask({ subscribe: gives });
        assert.equal(next(), "a=bad");
        ack({ errorMessage: "no" });
        ask({ unsubscribe: gives });
        ask({ subscribe: asks });
        assert.equal(next(), "a=bad");
      });

  it("a name that was refused and removed is forgotten with its wildcard, and not before", () => {
    const { ask, ack, next, set, remove } = setUp(TYPE.cluster, { a: "bad" });
    ask();
    assert.equal(next(), "a=bad");
    ack({ errorMessage: "no" });
    remove("a");
    assert.equal(next(), "-a");
    ack();
    set({ a: "bad" });
    assert.equal(next(), undefined);
    remove("a");
    assert.equal(next(), undefined);
    ask({ unsubscribe: ["*"] });
    ask({ subscribe: ["*"] });
    next();
    ack();
    set({ a: "bad" });
    assert.equal(next(), "a=bad");
  });

  it("what was on its way to a client that gave it up and asks for everything is removed when it is gone", () => {
    const { ask, ack, next, set, remove } = setUp(TYPE.cluster, { c: "1" });
    ask({ subscribe: ["c"] });
    assert.equal(next(), "c=1");
    ask({ unsubscribe: ["c"] });
    remove("c");
    ask({ subscribe: ["*"] });
    ack();
    assert.equal(next(), "-c");
    ack();
    set({ c: "1" });
    assert.equal(next(), "c=1");
  });

  it("everything, asked for by one who asks for a name already, does not bring back what was refused of the name", () => {
    const { ask, ack, next, set } = setUp(TYPE.routeConfiguration, { a: "bad" });
    ask({ subscribe: ["a"] });
    assert.equal(next(), "a=bad");
    ack({ errorMessage: "no" });
    set({ b: "1" });
    ask({ subscribe: ["*"] });
    assert.equal(next(), "b=1");
  });

  it("a stale refusal refuses nothing", () => {
    const { ask, ack, next, set } = setUp(TYPE.cluster, { a: "1" });
    ask();
    next();
    ack();
    set({ a: "2" });
    next();
    assert.equal(ack({ responseNonce: "1", errorMessage: "no" }).kind, "stale");
    assert.equal(ack().kind, "ack");
  });

  it("knows what has been answered", () => {
    const { ask, ack, next, version, subscription } = setUp(TYPE.cluster, { a: "1" });
    ask();
    assert.ok(!subscription.hasAnswered("a", version("1")));
    next();
    assert.ok(!subscription.hasAnswered("a", version("1")));
    ack();
    assert.ok(subscription.hasAnswered("a", version("1")));
    assert.ok(!subscription.hasAnswered("a", version("2")));
  });

  it("versions depend on content alone", () => {
    const responses = [0, 1].map(() => {
      const { ask, subscription } = setUp(TYPE.cluster, { a: "1", b: "2" });
      ask();
      return subscription.next({ allowRemovals: true });
    });
    assert.deepEqual(responses[0], responses[1]);
  });

  it("cuts what is too large for one response and sends the rest after the answer", () => {
    const large = "x".repeat(2 * 1024 * 1024);
    const { ask, ack, next } = setUp(TYPE.cluster, { a: large, b: large, c: large });
    ask();
    assert.equal(next()?.length, 2 * (large.length + 2) + 1);
    ack();
    assert.equal(next()?.length, large.length + 2);
  });
});
