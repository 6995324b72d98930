import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import * as vocabulary from "#proto/vocabulary/headers.ts";
import { callGrpc, startBed, type TestBed, type TestNode } from "./orchestrator.ts";
import { encodeRequest } from "./stub-node.ts";

/** Every header that is ours, those that the vocabulary does not know yet too. */
const OURS = [
  ...Object.values(vocabulary).filter((name) => name.startsWith(vocabulary.HEADER_PREFIX)),
  "x-graphway-shadow-cluster-1",
  "x-graphway-shadow-cluster-4",
  "x-graphway-",
  "x-graphway-tomorrow",
].filter((name) => name !== vocabulary.HEADER_SHADOW_CLUSTER_PREFIX);

/** A node of each kind, so that each kind of call is seen. */
const GRAPH: TestNode = {
  name: "t",
  type: "TRANSFORMER",
  methods: ["TRANSFORM_OUTPUT", "SEND_FEEDBACK"],
  children: [
    {
      name: "r",
      type: "ROUTER",
      children: [
        {
          name: "c",
          type: "COMBINER",
          children: [
            { name: "a", type: "MODEL" },
            { name: "b", type: "MODEL" },
          ],
        },
      ],
    },
  ],
};
const CALLS = ["t/transform-input", "r/route", "a/predict", "b/predict", "c/aggregate", "t/transform-output"];
const FEEDBACK_CALLS = ["t/send-feedback", "r/send-feedback", "a/send-feedback", "b/send-feedback"];

function valueFor(name: string): string {
  return name === vocabulary.HEADER_TIMEOUT_MS ? "60000" : "r=0";
}

describe("no header of ours reaches a node", { timeout: 600_000 }, () => {
  let bed: TestBed;
  before(async () => {
    const reply = { body: { data: { ndarray: [[0]] } } };
    bed = await startBed(GRAPH, Object.fromEntries([...CALLS, ...FEEDBACK_CALLS].map((call) => [call, reply])));
  });
  beforeEach(() => {
    bed.calls.length = 0;
  });
  after(async () => {
    await bed.stop();
  });

  /** Sends a request as raw text and gives the answer's status line. */
  async function sendRaw(path: string, lines: readonly string[], body: string): Promise<string> {
    const socket = connect(bed.app.httpPort, "127.0.0.1");
    const head = [`POST ${path} HTTP/1.1`, "Host: x", `Content-Length: ${Buffer.byteLength(body)}`, ...lines];
    socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => (text += chunk));
    try {
      while (!text.includes("\r\n\r\n")) await once(socket, "data");
    } finally {
      socket.destroy();
    }
    return text.slice(0, text.indexOf("\r\n"));
  }

  function assertClean(calls: readonly string[]): void {
    assert.deepEqual(bed.calls.map((one) => `${one.node}/${one.operation}`).sort(), [...calls].sort());
    for (const { node, headers } of bed.calls) {
      const seen = Object.keys(headers).filter((name) => name.toLowerCase().startsWith("x-graphway"));
      assert.deepEqual(seen, [], node);
      assert.equal(headers["x-mine"], "kept", node);
    }
  }

  it("over REST, in any letter case, once or twice", async () => {
    assert.ok(OURS.length >= 15);
    const ours = OURS.flatMap((name) => [
      `${name}: ${valueFor(name)}`,
      `${name.toUpperCase()}: ${valueFor(name)}`,
    ]).filter((line) => !line.toLowerCase().startsWith("x-graphway-shadow:"));
    assert.match(await sendRaw("/api/v1.0/predictions", [...ours, "X-Mine: kept"], "{}"), / 200 /);
    assertClean(CALLS);
    bed.calls.length = 0;
    assert.match(await sendRaw("/api/v1.0/feedback", [...ours, "X-Mine: kept"], "{}"), / 200 /);
    assertClean(FEEDBACK_CALLS);
    bed.calls.length = 0;
    const shadow = ["x-graphway-shadow: 1", "X-Graphway-Shadow: 1", "X-Mine: kept"];
    assert.match(await sendRaw("/api/v1.0/predictions", shadow, "{}"), / 200 /);
    assertClean(CALLS);
  });

  it("over REST, whatever the Connection header says", async () => {
    for (const connection of [
      ["Connection: close, x-graphway-branch"],
      ["Connection: x-graphway-branch", "Connection: keep-alive, x-graphway-shadow-cluster-1"],
      ["Connection: seldon-puid, content-type, content-length, host"],
      ["Connection: close,,  ,X-Graphway-Tomorrow", "Keep-Alive: x-graphway-branch"],
    ]) {
      bed.calls.length = 0;
      const ours = OURS.filter((name) => name !== vocabulary.HEADER_SHADOW).map((name) => `${name}: ${valueFor(name)}`);
      const lines = [...connection, ...ours, "Content-Type: application/json", "Seldon-Puid: p7", "X-Mine: kept"];
      assert.match(await sendRaw("/api/v1.0/predictions", lines, "{}"), / 200 /, connection.join());
      assertClean(CALLS);
      // What is ours to write is written, whatever a client calls its own.
      for (const { headers } of bed.calls) assert.equal(headers["seldon-puid"], "p7");
      assert.equal(bed.calls[0]?.headers["content-type"], "application/json");
    }
  });

  it("over REST what Connection names stays behind, and so do pseudo-headers and hop-by-hop ones", async () => {
    const lines = ["Connection: X-Hop", "X-Hop: 1", "Proxy-Authorization: x", "TE: trailers", "X-Mine: kept"];
    assert.match(await sendRaw("/api/v1.0/predictions", lines, "{}"), / 200 /);
    for (const { headers } of bed.calls) {
      for (const name of ["x-hop", "proxy-authorization", "te"]) assert.equal(headers[name], undefined, name);
    }
  });

  it("over gRPC", async () => {
    const ours = OURS.filter((name) => name !== vocabulary.HEADER_SHADOW && !name.endsWith("-"));
    const headers = {
      ...Object.fromEntries(ours.map((name) => [name, valueFor(name)])),
      "x-mine": "kept",
    };
    for (const [method, calls] of [
      ["Predict", CALLS],
      ["SendFeedback", FEEDBACK_CALLS],
    ] as const) {
      bed.calls.length = 0;
      const path = `/seldon.protos.Seldon/${method}`;
      const answer = await callGrpc(bed.app.grpcPort, path, encodeRequest(method, {}), headers);
      assert.equal(answer.code, 0, answer.details);
      assertClean(calls);
    }
  });
});
