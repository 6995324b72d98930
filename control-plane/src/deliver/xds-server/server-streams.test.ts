import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import { TYPE } from "../../render/xds/type-urls.ts";
import type { TestStream } from "./client-for-tests.ts";
import { eventually } from "./envoy-for-tests.ts";
import type { XdsEvent } from "./events.ts";
import type { NodeView, XdsNode } from "./node-view.ts";
import { DELTA_ADS, methodNamed, node, resource, useServers } from "./server-for-tests.ts";
import type { XdsMethod } from "./services.ts";
import { StreamRefused } from "./stream-refused.ts";

const { serve } = useServers();

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
