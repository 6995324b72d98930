import assert from "node:assert/strict";
import { test } from "node:test";
import { TYPE } from "../../render/xds/type-urls.ts";
import type { XdsEvent } from "../xds-server/events.ts";
import { createXdsClients } from "./xds-clients.ts";

function setUp() {
  const clients = createXdsClients(() => 0);
  const say = (stream: number, event: object, id = `node-${stream}`): void => {
    const peer = { stream, node: { id, cluster: "", metadata: {} }, method: "ads" };
    clients.onEvent({ peer, typeUrl: TYPE.filterConfig, ...event } as unknown as XdsEvent);
  };
  return { clients, say };
}

test("it is shown who is connected, what they accepted and what they refused", () => {
  const { clients, say } = setUp();
  say(1, { kind: "connect" });
  say(1, { kind: "subscribe", wildcard: false, names: ["a", "b"] });
  say(1, { kind: "ack", resources: [{ name: "a", version: "1" }] });
  say(1, { kind: "nack", resources: [{ name: "a", version: "2" }], message: "bad" });
  say(2, { kind: "connect" });
  assert.deepEqual(clients.report("node-1"), {
    clients: 1,
    shown: [
      {
        stream: 1,
        node: "node-1",
        method: "ads",
        connectedAt: "1970-01-01T00:00:00.000Z",
        types: {
          [TYPE.filterConfig]: {
            wildcard: false,
            subscribed: 2,
            resources: [{ name: "a", accepted: "1", refused: { version: "2", message: "bad" } }],
          },
        },
      },
    ],
  });
  say(1, { kind: "ack", resources: [{ name: "a", version: "3" }] });
  const resources = (): unknown => clients.report("node-1").shown[0]?.types[TYPE.filterConfig]?.resources;
  assert.deepEqual(resources(), [{ name: "a", accepted: "3" }]);
  say(1, { kind: "subscribe", wildcard: false, names: ["b"] });
  assert.deepEqual(resources(), []);
  say(1, { kind: "disconnect" });
  assert.equal(clients.report("").clients, 1);
});

test("what is remembered and shown has bounds", () => {
  const { clients, say } = setUp();
  for (let stream = 1; stream <= 600; stream += 1) say(stream, { kind: "connect" });
  const resources = Array.from({ length: 5000 }, (_, index) => ({ name: `n${index}`, version: "1" }));
  say(1, { kind: "nack", resources, message: "x".repeat(100_000) });
  const { clients: count, shown } = clients.report("");
  assert.equal(count, 600);
  assert.equal(shown.length, 500);
  assert.equal(shown[0]?.types[TYPE.filterConfig]?.resources.length, 200);
  assert.ok(JSON.stringify(shown).length < 1_000_000);
});
