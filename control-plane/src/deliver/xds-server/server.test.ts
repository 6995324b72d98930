import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import { versionOf } from "../../render/xds/encode.ts";
import type { EncodedResource } from "../../render/xds/resource.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import { openStream, type TestStream } from "./client-for-tests.ts";
import { eventually, temporaryFolder } from "./envoy-for-tests.ts";
import type { XdsEvent } from "./events.ts";
import type { NodeView, XdsNode } from "./node-view.ts";
import { createResourceStore } from "./resource-store.ts";
import { startXdsServer, type XdsServerOptions } from "./server.ts";
import { StreamRefused } from "./stream-refused.ts";
import { XDS_METHODS, type XdsMethod } from "./services.ts";

const undo: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

function resource(typeUrl: string, name: string, text: string): EncodedResource {
  const bytes = Buffer.from(text);
  return { typeUrl, name, bytes, version: versionOf(bytes) };
}

async function serve(options: Partial<XdsServerOptions> = {}) {
  const store = createResourceStore();
  const events: XdsEvent[] = [];
  const onEvent = (event: XdsEvent): void => void events.push(event);
  const server = await startXdsServer({ address: "127.0.0.1:0", store, onEvent, ...options });
  undo.push(() => server.close());
  const open = (method: XdsMethod): TestStream => {
    const stream = openStream(server.address, method);
    undo.push(() => {
      stream.close();
    });
    return stream;
  };
  const set = (...resources: readonly EncodedResource[]): void => {
    store.apply({ set: resources, remove: [] });
  };
  return { store, events, server, open, set };
}

function methodNamed(name: string): XdsMethod {
  const found = XDS_METHODS.find(({ method }) => method === name);
  assert.ok(found);
  return found;
}

const DELTA_ADS = methodNamed("DeltaAggregatedResources");
const node = { id: "gateway~1", cluster: "graphway" };

describe("every method", () => {
  for (const method of XDS_METHODS)
    it(`${method.service.split(".").at(-1) ?? ""}/${method.method} answers, pushes and hears the answer`, async () => {
      const { open, set, events } = await serve({ identifier: "me" });
      const typeUrl = method.typeUrl ?? TYPE.routeConfiguration;
      set(resource(typeUrl, "a", "1"));
      const stream = open(method);
      // A service for one type knows which type it is.
      const asked = method.typeUrl === undefined ? { typeUrl } : {};
      stream.send({ node, ...asked, resourceNamesSubscribe: ["a"], resourceNames: ["a"] });
      const first = await stream.received(1);
      assert.deepEqual([first.typeUrl, first.bodies, first.identifier], [typeUrl, ["1"], "me"]);
      const again = { ...asked, responseNonce: first.nonce, resourceNames: ["a"] };
      stream.send(again);
      set(resource(typeUrl, "a", "2"));
      const second = await stream.received(2);
      assert.deepEqual(second.bodies, ["2"]);
      stream.send({ ...again, responseNonce: second.nonce, errorDetail: { code: 13, message: "no" } });
      const nack = await eventually(
        () => events.find((event) => event.kind === "nack"),
        (event) => event !== undefined,
      );
      assert.ok(nack?.kind === "nack");
      assert.equal(nack.message, "no");
      assert.equal(nack.peer.node.id, node.id);
      assert.deepEqual(nack.resources, [{ name: "a", version: versionOf(Buffer.from("2")) }]);
    });
});

describe("the server", () => {
  it("serves graphs by name over ADS", async () => {
    const { open, set, events } = await serve();
    const stream = open(DELTA_ADS);
    const name = "models/iris/main";
    stream.send({ node, typeUrl: TYPE.inferenceGraph, resourceNamesSubscribe: [name] });
    assert.deepEqual((await stream.received(1)).names, []);
    stream.ack(await stream.received(1));
    set(resource(TYPE.inferenceGraph, name, "graph"), resource(TYPE.inferenceGraph, "models/other/main", "secret"));
    const response = await stream.received(2);
    assert.deepEqual([response.names, response.bodies], [[name], ["graph"]]);
    stream.ack(response);
    await eventually(
      () => events.filter((event) => event.kind === "ack").length,
      (count) => count === 2,
    );
  });

  it("sends nothing before it is ready", async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const { open, set, events } = await serve({ ready: promise });
    const stream = open(DELTA_ADS);
    stream.send({ node, typeUrl: TYPE.cluster });
    await eventually(
      () => events.some((event) => event.kind === "subscribe"),
      (seen) => seen,
    );
    assert.equal(stream.responses.length, 0);
    set(resource(TYPE.cluster, "a", "1"));
    resolve(undefined);
    assert.deepEqual((await stream.received(1)).names, ["a"]);
  });

  it("gives each node what its view shows, under the names the view gives", async () => {
    const viewFor = ({ id }: XdsNode): NodeView => ({
      sees: (_type, name) => name.startsWith(id),
      aliases: new Map([[TYPE.filterConfig, new Map([["graphway.gateway", `${id}/table`]])]]),
    });
    const { open, set } = await serve({ viewFor });
    for (const id of ["one", "two"])
      set(resource(TYPE.filterConfig, `${id}/table`, `for ${id}`), resource(TYPE.cluster, `${id}/c`, id));
    for (const id of ["one", "two"]) {
      const stream = open(DELTA_ADS);
      const other = id === "one" ? "two" : "one";
      const names = ["graphway.gateway", `${other}/table`];
      stream.send({ node: { ...node, id }, typeUrl: TYPE.filterConfig, resourceNamesSubscribe: names });
      const response = await stream.received(1);
      assert.deepEqual([response.names, response.bodies], [["graphway.gateway"], [`for ${id}`]]);
      stream.send({ typeUrl: TYPE.cluster });
      assert.deepEqual((await stream.received(2)).names, [`${id}/c`]);
      stream.ack(response);
      stream.ack(await stream.received(2));
      set(resource(TYPE.filterConfig, `${id}/table`, `new for ${id}`));
      assert.deepEqual((await stream.received(3)).bodies, [`new for ${id}`]);
    }
  });

  it("keeps two streams of one node apart", async () => {
    const { open, set, events } = await serve();
    set(resource(TYPE.cluster, "a", "1"));
    const [one, two] = [open(DELTA_ADS), open(DELTA_ADS)];
    for (const stream of [one, two]) {
      stream.send({ node, typeUrl: TYPE.cluster });
      stream.ack(await stream.received(1));
    }
    one.close();
    await eventually(
      () => events.some((event) => event.kind === "disconnect"),
      (seen) => seen,
    );
    set(resource(TYPE.cluster, "a", "2"));
    assert.deepEqual((await two.received(2)).bodies, ["2"]);
    const connected = events.filter((event) => event.kind === "connect").map(({ peer }) => peer.stream);
    assert.equal(new Set(connected).size, 2);
  });

  it("holds new routes until the client has its new clusters, and old clusters until it has new routes", async () => {
    const { open, set, store } = await serve();
    set(resource(TYPE.cluster, "old", ""), resource(TYPE.routeConfiguration, "r", "to old"));
    const stream = open(DELTA_ADS);
    stream.send({ node, typeUrl: TYPE.cluster });
    stream.ack(await stream.received(1));
    stream.send({ typeUrl: TYPE.routeConfiguration, resourceNamesSubscribe: ["r"] });
    stream.ack(await stream.received(2));
    store.apply({
      set: [resource(TYPE.cluster, "new", ""), resource(TYPE.routeConfiguration, "r", "to new")],
      remove: [{ typeUrl: TYPE.cluster, name: "old" }],
    });
    const told: string[] = [];
    for (let i = 3; i <= 5; i++) {
      const { names, removed, ...response } = await stream.received(i);
      assert.equal(stream.responses.length, i, "one at a time");
      told.push([...names, ...removed.map((name) => `-${name}`)].join(" "));
      stream.ack({ names, removed, ...response });
    }
    assert.deepEqual(told, ["new", "r", "-old"]);
  });

  it("keeps old clusters while the client refuses the new routes", async () => {
    const { open, set, store } = await serve();
    set(resource(TYPE.cluster, "old", ""), resource(TYPE.routeConfiguration, "r", "to old"));
    const stream = open(DELTA_ADS);
    stream.send({ node, typeUrl: TYPE.cluster });
    stream.ack(await stream.received(1));
    stream.send({ typeUrl: TYPE.routeConfiguration, resourceNamesSubscribe: ["r"] });
    stream.ack(await stream.received(2));
    store.apply({
      set: [resource(TYPE.routeConfiguration, "r", "bad")],
      remove: [{ typeUrl: TYPE.cluster, name: "old" }],
    });
    stream.ack(await stream.received(3), "no");
    set(resource(TYPE.routeConfiguration, "r", "to nothing"));
    const response = await stream.received(4);
    assert.deepEqual(response.bodies, ["to nothing"]);
    stream.ack(response);
    assert.deepEqual((await stream.received(5)).removed, ["old"]);
  });

  it("routes do not wait for ever for a client that does not answer for its clusters", async () => {
    const { open, set } = await serve({ newClusterWaitMs: 50 });
    set(resource(TYPE.cluster, "c", ""), resource(TYPE.routeConfiguration, "r", "1"));
    const stream = open(DELTA_ADS);
    stream.send({ node, typeUrl: TYPE.cluster });
    await stream.received(1);
    stream.send({ typeUrl: TYPE.routeConfiguration, resourceNamesSubscribe: ["r"] });
    assert.deepEqual((await stream.received(2)).names, ["r"]);
  });

  it("tells when everyone has answered", async () => {
    const { open, set, server } = await serve();
    const clusters = [resource(TYPE.cluster, "a", "1")];
    await server.whenAnswered(clusters, 10_000);
    const stream = open(DELTA_ADS);
    set(...clusters);
    stream.send({ node, typeUrl: TYPE.cluster });
    const response = await stream.received(1);
    let answered = false;
    const waiting = server.whenAnswered(clusters, 10_000).then(() => (answered = true));
    await server.whenAnswered(clusters, 20);
    assert.equal(answered, false);
    stream.ack(response);
    await waiting;
  });

  it("listens on a socket, also where an earlier server left its file", async () => {
    const folder = await temporaryFolder();
    undo.push(() => folder.remove());
    const address = `unix:${join(folder.path, "s")}`;
    for (let round = 0; round < 2; round++) {
      const server = await startXdsServer({ address, store: createResourceStore() });
      assert.equal(server.address, address);
      const stream = openStream(address, DELTA_ADS);
      stream.send({ node, typeUrl: TYPE.cluster });
      await stream.received(1);
      stream.close();
      await server.close();
    }
  });

  it("a client that does not read is sent one response of a type and later the newest", async () => {
    const { open, set, events } = await serve();
    const slow = open(DELTA_ADS);
    slow.call.pause();
    slow.send({ node, typeUrl: TYPE.cluster });
    await eventually(
      () => events.some((event) => event.kind === "subscribe"),
      (seen) => seen,
    );
    const large = "x".repeat(1024 * 1024);
    for (let round = 0; round < 100; round++) {
      set(resource(TYPE.cluster, "a", `${String(round)}${large}`));
      await new Promise(setImmediate);
    }
    const quick = open(DELTA_ADS);
    quick.send({ node, typeUrl: TYPE.cluster });
    assert.deepEqual((await quick.received(1)).names, ["a"]);
    slow.call.resume();
    await slow.received(1);
    slow.ack(await slow.received(1));
    assert.ok((await slow.received(2)).bodies[0]?.startsWith("99x"), "only the newest is sent");
  });
});

/** What a stream must not do, and how it ends when it does. */
const OFFENCES: readonly (readonly [string, XdsMethod, (stream: TestStream) => void, status])[] = [
  [
    "sends no message",
    DELTA_ADS,
    (stream) => {
      stream.sendBytes(Buffer.from([0xff, 0xff, 0xff]));
    },
    status.INVALID_ARGUMENT,
  ],
  [
    "names no node",
    DELTA_ADS,
    (stream) => {
      stream.send({ typeUrl: TYPE.cluster });
    },
    status.INVALID_ARGUMENT,
  ],
  [
    "names no type",
    DELTA_ADS,
    (stream) => {
      stream.send({ node });
    },
    status.INVALID_ARGUMENT,
  ],
  [
    "asks a service for another type",
    methodNamed("DeltaClusters"),
    (stream) => {
      stream.send({ node, typeUrl: TYPE.listener });
    },
    status.INVALID_ARGUMENT,
  ],
  [
    "asks for too many types",
    DELTA_ADS,
    (stream) => {
      for (let i = 0; i < 17; i++) stream.send({ node, typeUrl: `t/${String(i)}` });
    },
    status.RESOURCE_EXHAUSTED,
  ],
  [
    "asks for an endless name",
    DELTA_ADS,
    (stream) => {
      stream.send({ node, typeUrl: TYPE.cluster, resourceNamesSubscribe: ["x".repeat(5000)] });
    },
    status.INVALID_ARGUMENT,
  ],
  [
    "has no view",
    DELTA_ADS,
    (stream) => {
      stream.send({ node: { ...node, id: "stranger" }, typeUrl: TYPE.cluster });
    },
    status.PERMISSION_DENIED,
  ],
  [
    "makes the view fail",
    DELTA_ADS,
    (stream) => {
      stream.send({ node: { ...node, id: "fail" }, typeUrl: TYPE.cluster });
    },
    status.INTERNAL,
  ],
];

describe("a view that takes time", () => {
  it("holds what the client says until it is there, in order", async () => {
    const known = Promise.withResolvers<NodeView>();
    const { open, set, events } = await serve({ viewFor: () => known.promise });
    set(resource(TYPE.listener, "a", "1"), resource(TYPE.filterConfig, "b", "2"));
    const stream = open(DELTA_ADS);
    stream.send({ node, typeUrl: TYPE.listener, resourceNamesSubscribe: ["a"] });
    stream.send({ typeUrl: TYPE.filterConfig, resourceNamesSubscribe: ["b"] });
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([stream.responses, events], [[], []]);
    known.resolve({ sees: () => true });
    await stream.received(2);
    assert.deepEqual(
      stream.responses.map((one) => one.bodies),
      [["1"], ["2"]],
    );
    assert.deepEqual(
      events.map((one) => one.kind),
      ["connect", "subscribe", "subscribe"],
    );
  });

  for (const [outcome, view, code] of [
    ["is none", () => Promise.resolve(undefined), status.PERMISSION_DENIED],
    ["fails", () => Promise.reject(new Error("broken")), status.INTERNAL],
    [
      "is refused",
      () => Promise.reject(new StreamRefused(status.UNAUTHENTICATED, "who are you")),
      status.UNAUTHENTICATED,
    ],
  ] as const)
    it(`ends the stream when it ${outcome}`, async () => {
      const { open, events } = await serve({ viewFor: view });
      const stream = open(DELTA_ADS);
      stream.send({ node, typeUrl: TYPE.cluster });
      assert.equal((await stream.ended).code, code);
      assert.deepEqual(events, []);
    });

  it("comes too late for a client that has gone", async () => {
    const known = Promise.withResolvers<NodeView>();
    const asked = Promise.withResolvers<undefined>();
    const viewFor = (): Promise<NodeView> => {
      asked.resolve(undefined);
      return known.promise;
    };
    const { open, events, set } = await serve({ viewFor });
    const stream = open(DELTA_ADS);
    stream.send({ node, typeUrl: TYPE.cluster });
    await asked.promise;
    stream.close();
    await stream.ended;
    known.resolve({ sees: () => true });
    set(resource(TYPE.cluster, "a", "1"));
    const other = open(DELTA_ADS);
    other.send({ node, typeUrl: TYPE.cluster });
    await other.received(1);
    const count = (kind: XdsEvent["kind"]): number => events.filter((one) => one.kind === kind).length;
    await eventually(
      () => count("connect") - count("disconnect"),
      (connected) => connected === 1,
    );
  });
});

describe("a stream is ended, and only that stream, when its client", () => {
  for (const [offence, method, commit, code] of OFFENCES)
    it(offence, async () => {
      const viewFor = ({ id }: XdsNode): NodeView | undefined => {
        if (id === "fail") throw new Error("broken view");
        return id === "stranger" ? undefined : { sees: () => true };
      };
      const { open, set } = await serve({ viewFor });
      set(resource(TYPE.cluster, "a", "1"));
      const good = open(DELTA_ADS);
      good.send({ node, typeUrl: TYPE.cluster });
      good.ack(await good.received(1));
      const bad = open(method);
      commit(bad);
      assert.equal((await bad.ended).code, code);
      set(resource(TYPE.cluster, "a", "2"));
      assert.deepEqual((await good.received(2)).bodies, ["2"]);
    });

  it("ends it itself, in any way", async () => {
    const { open, events } = await serve();
    const half = open(DELTA_ADS);
    half.send({ node, typeUrl: TYPE.cluster });
    await half.received(1);
    half.call.end();
    assert.equal((await half.ended).code, status.OK);
    const cancelled = open(DELTA_ADS);
    cancelled.send({ node, typeUrl: TYPE.cluster });
    await cancelled.received(1);
    cancelled.call.cancel();
    await eventually(
      () => events.filter((event) => event.kind === "disconnect").length,
      (count) => count === 2,
    );
  });

  it("is told by an observer that throws", async () => {
    const errors: unknown[] = [];
    const onEvent = (): void => {
      throw new Error("observer");
    };
    const { open } = await serve({ onEvent, onError: (error) => errors.push(error) });
    const stream = open(DELTA_ADS);
    stream.send({ node, typeUrl: TYPE.cluster });
    await stream.received(1);
    assert.ok(errors.length > 0);
  });
});
