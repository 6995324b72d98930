import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TYPE } from "../../render/xds/type-urls.ts";
import { setUp } from "./delta-for-tests.ts";

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
