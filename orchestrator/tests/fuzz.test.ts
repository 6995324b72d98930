import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { seededRandom } from "./seeded-random.ts";
import { callGrpc } from "./orchestrator.ts";
import { enginePredictor, startProcess, type OrchestratorProcess } from "./orchestrator-process.ts";
import { assertReturned, holdingsOf } from "./resources.ts";
import { encodeRequest, startStub, type StubReply } from "./stub-node.ts";

const PREDICT = "/seldon.protos.Seldon/Predict";
/** Pooled connections to nodes may stay; what a warm process takes for itself too. */
const MAY_STAY = { descriptors: 40, residentBytes: 150e6 };
const WAYS = 400;
const AT_ONCE = 16;

type Random = () => number;

async function withProcess(
  protocol: string,
  reply: StubReply,
  check: (orchestrator: OrchestratorProcess) => Promise<void>,
): Promise<void> {
  const stub = await startStub(
    "m",
    () => reply,
    () => {},
  );
  const env = { ENGINE_PREDICTOR: enginePredictor(stub.httpPort, stub.grpcPort) };
  const orchestrator = await startProcess(["--protocol", protocol, "--max_body_bytes=1000000"], env);
  try {
    await check(orchestrator);
    assert.equal(await orchestrator.end("SIGTERM"), 0);
  } finally {
    orchestrator.child.kill("SIGKILL");
    await stub.stop();
  }
}

/** Sends bytes, waits shortly for whatever comes back, and leaves. */
async function throwAt(port: number, bytes: Buffer): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {
    // Being refused is an answer.
  });
  socket.resume();
  socket.setTimeout(30, () => socket.destroy());
  socket.write(bytes);
  await once(socket, "close");
}

async function throwAll(port: number, make: (random: Random) => Buffer, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const all = Array.from({ length: WAYS }, () => make(random));
  const worker = async (): Promise<void> => {
    for (let bytes = all.pop(); bytes !== undefined; bytes = all.pop()) await throwAt(port, bytes);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function below(random: Random, end: number): number {
  return Math.floor(random() * end);
}

function randomBytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => below(random, 256)));
}

/** A few bytes changed, taken out, doubled or cut off. */
function mutated(random: Random, valid: Buffer): Buffer {
  let bytes: Buffer = Buffer.from(valid);
  for (let i = below(random, 6) + 1; i > 0; i -= 1) {
    const at = below(random, bytes.length);
    const end = at + below(random, 20);
    switch (below(random, 5)) {
      case 0:
        bytes[at] = below(random, 256);
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), randomBytes(random, below(random, 30)), bytes.subarray(at)]);
        break;
      default:
        bytes = bytes.subarray(0, at + 1);
    }
    if (bytes.length === 0) bytes = randomBytes(random, 8);
  }
  return bytes;
}

function httpRequest(path: string, body: string, headers: readonly string[] = []): Buffer {
  const head = [`POST ${path} HTTP/1.1`, "Host: a", "Content-Type: application/json", ...headers];
  return Buffer.from(`${head.join("\r\n")}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
}

const CHUNKED = Buffer.from(
  'POST /api/v1.0/predictions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n3\r\n 1}\r\n0\r\n\r\n',
);

/** An HTTP/2 frame. */
function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A header as HPACK writes it without a table: literal, never indexed, names and values plain. */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0x10, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** A whole gRPC call, as a client would send it. */
function grpcCall(message: Buffer): Buffer {
  const headers = Buffer.concat([
    literal(":method", "POST"),
    literal(":scheme", "http"),
    literal(":path", PREDICT),
    literal(":authority", "a"),
    literal("content-type", "application/grpc"),
    literal("te", "trailers"),
  ]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([
    PREFACE,
    frame(4, 0, 0, Buffer.alloc(0)),
    frame(1, 4, 1, headers),
    frame(0, 1, 1, Buffer.concat([prefix, message])),
    frame(6, 0, 0, Buffer.alloc(8)),
  ]);
}

const MESSAGE = encodeRequest("Predict", { data: { ndarray: [[1]] } });

async function assertServes(orchestrator: OrchestratorProcess): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${orchestrator.httpPort}/api/v1.0/predictions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"data":{"ndarray":[[1]]}}',
  });
  assert.equal(response.status, 200, await response.text());
  const answer = await callGrpc(orchestrator.grpcPort, PREDICT, MESSAGE);
  assert.equal(answer.code, 0, answer.details);
}

describe("thrown at the ports", { timeout: 600_000 }, () => {
  it("bytes at random, requests with faults and frames with faults: it serves, and holds no more than before", async () => {
    await withProcess("seldon", { body: { strData: "ok" } }, async (orchestrator) => {
      const pid = orchestrator.child.pid ?? 0;
      await assertServes(orchestrator);
      const before = holdingsOf(pid);
      const valid = httpRequest("/api/v1.0/predictions", '{"data":{"ndarray":[[1,2,3]]}}', ["Seldon-Puid: x"]);
      const kinds = [valid, CHUNKED, httpRequest("/api/v1.0/feedback", '{"reward":1}')];
      await throwAll(orchestrator.httpPort, (random) => randomBytes(random, 1 + below(random, 500)), 1);
      await throwAll(orchestrator.httpPort, (random) => mutated(random, kinds[below(random, 3)] ?? valid), 2);
      await throwAll(orchestrator.grpcPort, (random) => randomBytes(random, 1 + below(random, 500)), 3);
      await throwAll(orchestrator.grpcPort, (random) => Buffer.concat([PREFACE, randomBytes(random, 300)]), 4);
      await throwAll(orchestrator.grpcPort, (random) => mutated(random, grpcCall(MESSAGE)), 5);
      await assertServes(orchestrator);
      await assertReturned(pid, before, MAY_STAY);
    });
  });

  it("frames that are whole before the faults begin: a call of this shape is answered", async () => {
    await withProcess("seldon", { body: { strData: "ok" } }, async (orchestrator) => {
      const socket = connect(orchestrator.grpcPort, "127.0.0.1");
      let received: Buffer = Buffer.alloc(0);
      socket.on("data", (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
      socket.write(grpcCall(MESSAGE));
      while (!received.includes("ok")) await once(socket, "data");
      socket.destroy();
    });
  });

  it("V2 requests with faults, binary ones included", async () => {
    const reply = { body: { outputs: [{ name: "y", datatype: "FP32", shape: [1], data: [1] }] } };
    await withProcess("v2", reply, async (orchestrator) => {
      const pid = orchestrator.child.pid ?? 0;
      const url = `http://127.0.0.1:${orchestrator.httpPort}/v2/models/infer`;
      const serves = async (): Promise<void> => {
        const response = await fetch(url, { method: "POST", body: '{"inputs":[]}' });
        assert.equal(response.status, 200, await response.text());
      };
      await serves();
      const before = holdingsOf(pid);
      const json = '{"id":"1","inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1.5]}]}';
      await throwAll(
        orchestrator.httpPort,
        (random) => {
          const length = ["", "5", "-1", "99999999999999999999", String(json.length), "x"][below(random, 6)] ?? "";
          const headers = length === "" ? [] : [`Inference-Header-Content-Length: ${length}`];
          return mutated(random, httpRequest("/v2/models/infer", json, headers));
        },
        6,
      );
      await serves();
      await assertReturned(pid, before, MAY_STAY);
    });
  });
});

describe("1,000 clients that leave", { timeout: 600_000 }, () => {
  const CLIENTS = 1000;
  for (const [port, bytes] of [
    ["httpPort", httpRequest("/api/v1.0/predictions", "{}")],
    ["grpcPort", grpcCall(MESSAGE)],
  ] as const) {
    it(`${port}: nothing of them is left`, async () => {
      await withProcess("seldon", { body: { strData: "ok" }, delayMs: 50 }, async (orchestrator) => {
        const pid = orchestrator.child.pid ?? 0;
        await assertServes(orchestrator);
        const before = holdingsOf(pid);
        let left = CLIENTS;
        const client = async (): Promise<void> => {
          while (left > 0) {
            left -= 1;
            const socket = connect(orchestrator[port], "127.0.0.1");
            socket.on("error", () => {
              // We leave without farewell.
            });
            socket.resume();
            await once(socket, "connect");
            socket.write(left % 3 === 0 ? bytes.subarray(0, bytes.length / 2) : bytes);
            if (left % 2 === 0) socket.resetAndDestroy();
            else socket.end();
            await once(socket, "close");
          }
        };
        await Promise.all(Array.from({ length: 50 }, client));
        await assertServes(orchestrator);
        await assertReturned(pid, before, { ...MAY_STAY, descriptors: 260 });
      });
    });
  }
});
