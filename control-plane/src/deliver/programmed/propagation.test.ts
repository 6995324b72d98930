import assert from "node:assert/strict";
import { test } from "node:test";
import { TYPE } from "../../render/xds/type-urls.ts";
import type { XdsEvent } from "../xds-server/events.ts";
import { createResourceStore } from "../xds-server/resource-store.ts";
import { createPropagation } from "./propagation.ts";

test("a change counts from when it became known to each ACK of those who were there", () => {
  const store = createResourceStore();
  const seen: number[] = [];
  let nowMs = 1000;
  const propagation = createPropagation({ store, nowMs: () => nowMs, observe: (_, ms) => seen.push(ms) });
  store.onChange((changed) => {
    propagation.onChange(changed);
  });
  const say = (stream: number, event: object): void => {
    const peer = { stream, node: { id: "", cluster: "", metadata: {} }, method: "" };
    propagation.onEvent({ peer, ...event } as unknown as XdsEvent);
  };
  const set = (version: string): void => {
    store.apply({ set: [{ typeUrl: TYPE.cluster, name: "a", version, bytes: Buffer.from(version) }], remove: [] });
  };
  const ack = (stream: number, version: string): void => {
    say(stream, { kind: "ack", typeUrl: TYPE.cluster, resources: [{ name: "a", version }] });
  };
  say(1, { kind: "connect" });
  nowMs = 2000;
  set("v1");
  nowMs = 2030;
  ack(1, "v1");
  say(2, { kind: "connect" });
  ack(2, "v1");
  ack(3, "v1");
  ack(1, "nobody's");
  assert.deepEqual(seen, [30]);
  nowMs = 3000;
  propagation.knownSince(TYPE.cluster, "v2", 2900);
  set("v2");
  ack(2, "v2");
  assert.deepEqual(seen, [30, 100]);
  nowMs = 4000;
  set("v1");
  nowMs = 4005;
  ack(2, "v1");
  assert.deepEqual(seen, [30, 100, 5]);
  say(2, { kind: "disconnect" });
  ack(2, "v1");
  assert.equal(seen.length, 3);
});
