import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import { versionOf } from "../../render/xds/encode.ts";
import type { EncodedResource } from "../../render/xds/resource.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import { openStream, type TestStream } from "./client-for-tests.ts";
import { eventually } from "./envoy-for-tests.ts";
import type { XdsNode } from "./node-view.ts";
import { createResourceStore } from "./resource-store.ts";
import { startXdsServer } from "./server.ts";
import { XDS_METHODS } from "./services.ts";

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const ADS = XDS_METHODS.find(({ method }) => method === "DeltaAggregatedResources");
const node = { id: "gateway~1", cluster: "graphway" };

function filter(text: string): EncodedResource {
  const bytes = Buffer.from(text);
  return { typeUrl: TYPE.filterConfig, name: "f", bytes, version: versionOf(bytes) };
}

async function serve() {
  assert.ok(ADS !== undefined);
  const method = ADS;
  const store = createResourceStore();
  const nodes: XdsNode[] = [];
  const server = await startXdsServer({
    address: "127.0.0.1:0",
    store,
    onEvent: (event) => event.kind === "connect" && nodes.push(event.peer.node),
  });
  undo.push(() => server.close());
  const open = (): TestStream => {
    const stream = openStream(server.address, method);
    undo.push(() => {
      stream.close();
    });
    return stream;
  };
  return { store, open, nodes };
}

/** Metadata as Istio's proxies send it, only more of it. */
function nodeWith(bytes: number) {
  return { ...node, metadata: { fields: { LABELS: { stringValue: "x".repeat(bytes) } } } };
}

describe("clients that ask much of the server", () => {
  it("a node may say megabytes about itself", async () => {
    const { store, open, nodes } = await serve();
    store.apply({ set: [filter("1")], remove: [] });
    const stream = open();
    stream.send({ node: nodeWith(4 * 1024 * 1024), typeUrl: TYPE.filterConfig, resourceNamesSubscribe: ["f"] });
    assert.deepEqual((await stream.received(1)).bodies, ["1"]);
    assert.ok(JSON.stringify(nodes[0]?.metadata).length > 4 * 1024 * 1024);
  });

  it("but not without end, and others are served on", async () => {
    const { store, open } = await serve();
    store.apply({ set: [filter("1")], remove: [] });
    const huge = open();
    huge.send({ node: nodeWith(9 * 1024 * 1024), typeUrl: TYPE.filterConfig });
    assert.equal((await huge.ended).code, status.RESOURCE_EXHAUSTED);
    const other = open();
    other.send({ node, typeUrl: TYPE.filterConfig, resourceNamesSubscribe: ["f"] });
    assert.deepEqual((await other.received(1)).bodies, ["1"]);
  });

  it("a thousand changes cost nothing for those who do not read", async () => {
    const { store, open } = await serve();
    store.apply({ set: [filter("begin")], remove: [] });
    const slow = Array.from({ length: 20 }, open);
    for (const stream of slow) {
      stream.send({ node, typeUrl: TYPE.filterConfig, resourceNamesSubscribe: ["f"] });
      await stream.received(1);
      stream.call.pause();
    }
    const before = process.memoryUsage();
    const rest = "x".repeat(100_000);
    for (let round = 0; round < 1000; round++) {
      store.apply({ set: [filter(`${round} ${rest}`)], remove: [] });
      if (round % 50 === 0) await new Promise(setImmediate);
    }
    const grown = process.memoryUsage().external - before.external;
    // Sent to each of them as they came, these would be 2 GB.
    assert.ok(grown < 150 * 1024 * 1024, `${grown} bytes more`);
    for (const stream of slow) {
      stream.ack(await stream.received(1));
      stream.call.resume();
      assert.ok((await stream.received(2)).bodies[0]?.startsWith("999 "));
      assert.equal(stream.responses.length, 2);
    }
  });

  it("a response that a client never answers holds up nobody else", async () => {
    const { store, open } = await serve();
    store.apply({ set: [filter("1")], remove: [] });
    const [silent, quick] = [open(), open()];
    for (const stream of [silent, quick]) {
      stream.send({ node, typeUrl: TYPE.filterConfig, resourceNamesSubscribe: ["f"] });
      await stream.received(1);
    }
    quick.ack(await quick.received(1));
    store.apply({ set: [filter("2")], remove: [] });
    assert.deepEqual((await quick.received(2)).bodies, ["2"]);
    await eventually(
      () => silent.responses.length,
      (count) => count === 1,
    );
  });
});
