import { credentials } from "@grpc/grpc-js";
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { freePort } from "../../../../scripts/free-port-for-tests.ts";
import type { EncodedResource } from "../../render/xds/resource.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import type { XdsEvent } from "../xds-server/events.ts";
import { eventually } from "../xds-server/envoy-for-tests.ts";
import { createResourceStore } from "../xds-server/resource-store.ts";
import { startXdsServer } from "../xds-server/server.ts";
import { openDeltaStream, type DeltaStreamOptions, type DeltaUpdate } from "./delta-stream.ts";

function resource(name: string, version: string): EncodedResource {
  return { typeUrl: TYPE.cluster, name, version, bytes: Buffer.from(`${name} ${version}`) };
}

async function start(t: TestContext, address = "127.0.0.1:0") {
  const store = createResourceStore();
  const events: XdsEvent[] = [];
  const tokens: (string | undefined)[] = [];
  const server = await startXdsServer({
    address,
    store,
    onEvent: (event) => events.push(event),
    viewFor: (_, header) => {
      tokens.push(header("authorization"));
      return { sees: () => true };
    },
  });
  t.after(() => server.close());
  return { store, events, tokens, server };
}

function open(t: TestContext, address: string, more: Partial<DeltaStreamOptions> = {}) {
  const updates: DeltaUpdate[] = [];
  const connections: boolean[] = [];
  const stream = openDeltaStream({
    address,
    credentials: credentials.createInsecure(),
    node: { id: "gateway~ns~gw~pod", cluster: "graphway" },
    typeUrls: [TYPE.cluster],
    token: () => Promise.resolve("abc"),
    held: () => new Map(),
    take: (update) => {
      updates.push(update);
      return Promise.resolve(undefined);
    },
    onConnection: (isConnected) => connections.push(isConnected),
    backOff: { firstMs: 20, longestMs: 50 },
    ...more,
  });
  t.after(() => stream.close());
  return { updates, connections };
}

const names = (updates: readonly DeltaUpdate[]): readonly string[] =>
  updates.flatMap(({ resources, removed }) => [
    ...resources.map(({ name, version, bytes }) => `${name} ${version} ${Buffer.from(bytes).toString()}`),
    ...removed.map((name) => `-${name}`),
  ]);

const until = (find: () => boolean): Promise<boolean> => eventually(find, Boolean);

describe("a delta stream", () => {
  it("takes in what there is, what changes and what goes, and shows its token", async (t) => {
    const { store, server, tokens, events } = await start(t);
    store.apply({ set: [resource("a", "1")], remove: [] });
    const { updates, connections } = open(t, server.address);
    await until(() => updates.length === 1);
    store.apply({ set: [resource("b", "1")], remove: [] });
    await until(() => updates.length === 2);
    store.apply({ set: [], remove: [resource("a", "1")] });
    await until(() => updates.length === 3);
    assert.deepEqual(names(updates), ["a 1 a 1", "b 1 b 1", "-a"]);
    assert.deepEqual(tokens, ["Bearer abc"]);
    assert.deepEqual(connections, [true]);
    await until(() => events.filter(({ kind }) => kind === "ack").length === 3);
  });

  it("is not sent what it holds, and is told what went meanwhile", async (t) => {
    const { store, server } = await start(t);
    store.apply({ set: [resource("same", "1"), resource("new", "2")], remove: [] });
    const held = new Map([
      ["same", "1"],
      ["new", "1"],
      ["gone", "1"],
    ]);
    const { updates } = open(t, server.address, { held: () => held });
    await until(() => updates.length === 1);
    assert.deepEqual(names(updates), ["new 2 new 2", "-gone"]);
  });

  it("refuses with the reason that is given, or thrown", async (t) => {
    for (const take of [() => Promise.resolve("not this"), () => Promise.reject(new Error("not this"))]) {
      const { store, server, events } = await start(t);
      store.apply({ set: [resource("a", "1")], remove: [] });
      open(t, server.address, { take });
      await until(() => events.some((event) => event.kind === "nack" && event.message === "not this"));
    }
  });

  it("comes back to a server that was away, with a new token", async (t) => {
    const first = await start(t, `127.0.0.1:${String(await freePort())}`);
    let asked = 0;
    const { updates, connections } = open(t, first.server.address, {
      token: () => Promise.resolve(String((asked += 1))),
    });
    await until(() => connections.length === 1);
    await first.server.close();
    await until(() => connections.at(-1) === false);
    const second = await start(t, first.server.address);
    second.store.apply({ set: [resource("b", "1")], remove: [] });
    await until(() => names(updates).includes("b 1 b 1"));
    assert.match(second.tokens.at(-1) ?? "", /^Bearer [2-9]/);
  });
});
