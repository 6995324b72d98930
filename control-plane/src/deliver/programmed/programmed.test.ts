import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TYPE } from "../../render/xds/type-urls.ts";
import type { XdsEvent } from "../xds-server/events.ts";
import { createProgrammed } from "./programmed.ts";

const NAME = "models/iris/main";
const KEY = "models/iris";

function setUp() {
  const versions = new Map([[NAME, "1"]]);
  const changed: string[] = [];
  const programmed = createProgrammed({
    typeUrl: TYPE.inferenceGraph,
    wantedVersion: (node, name) => (node.id === "old" ? undefined : versions.get(name)),
    keyOf: (name) => name.slice(0, name.lastIndexOf("/")),
    onChange: (key) => changed.push(key),
  });
  const say = (stream: number, event: object, id = "node"): void => {
    const peer = { stream, node: { id, cluster: "", metadata: {} }, method: "" };
    programmed.onEvent({ peer, typeUrl: TYPE.inferenceGraph, ...event } as unknown as XdsEvent);
  };
  const subscribe = (stream: number, names: readonly string[], id?: string): void => {
    say(stream, { kind: "subscribe", wildcard: false, names }, id);
  };
  const ack = (stream: number, version: string): void => {
    say(stream, { kind: "ack", resources: [{ name: NAME, version }] });
  };
  return { programmed, versions, changed, say, subscribe, ack };
}

describe("how many have accepted", () => {
  it("is not known while nobody subscribes", () => {
    assert.equal(setUp().programmed.count(KEY), undefined);
  });

  it("counts those that have the newest", () => {
    const { programmed, versions, subscribe, ack } = setUp();
    subscribe(1, [NAME]);
    subscribe(2, [NAME]);
    assert.deepEqual(programmed.count(KEY), { accepted: 0, subscribed: 2 });
    ack(1, "1");
    assert.deepEqual(programmed.count(KEY), { accepted: 1, subscribed: 2 });
    ack(2, "1");
    assert.deepEqual(programmed.count(KEY), { accepted: 2, subscribed: 2 });
    versions.set(NAME, "2");
    assert.deepEqual(programmed.count(KEY), { accepted: 0, subscribed: 2 });
  });

  it("says why one refused, until it has accepted or something newer is wanted", () => {
    const { programmed, versions, subscribe, ack, say } = setUp();
    subscribe(1, [NAME]);
    const nack = { kind: "nack", resources: [{ name: NAME, version: "1" }], message: "no such method" };
    say(1, nack);
    assert.deepEqual(programmed.count(KEY), { accepted: 0, subscribed: 1 });
    assert.equal(programmed.refusal(KEY), "no such method");
    versions.set(NAME, "2");
    assert.equal(programmed.refusal(KEY), undefined);
    ack(1, "2");
    assert.deepEqual(programmed.count(KEY), { accepted: 1, subscribed: 1 });
  });

  it("leaves out who has gone, who gave the name up, and who is to have nothing", () => {
    const { programmed, subscribe, say, changed } = setUp();
    subscribe(1, [NAME]);
    subscribe(2, [NAME]);
    subscribe(3, [NAME], "old");
    say(1, { kind: "disconnect" });
    assert.deepEqual(programmed.count(KEY), { accepted: 0, subscribed: 1 });
    subscribe(2, []);
    assert.equal(programmed.count(KEY), undefined);
    assert.deepEqual(new Set(changed), new Set([KEY]));
    assert.equal(changed.length, 5);
  });

  it("does not mistake other types for its own", () => {
    const { programmed, say } = setUp();
    say(1, { kind: "subscribe", typeUrl: TYPE.cluster, wildcard: false, names: [NAME] });
    assert.equal(programmed.count(KEY), undefined);
  });
});
