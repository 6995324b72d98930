import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { versionOf } from "../../render/xds/encode.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import { openStream } from "./client-for-tests.ts";
import { eventually, temporaryFolder } from "./envoy-for-tests.ts";
import type { NodeView, XdsNode } from "./node-view.ts";
import { createResourceStore } from "./resource-store.ts";
import { startXdsServer } from "./server.ts";
import { DELTA_ADS, node, resource, useServers } from "./server-for-tests.ts";
import { XDS_METHODS } from "./services.ts";

const { serve, onEnd } = useServers();

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
    onEnd(() => folder.remove());
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
