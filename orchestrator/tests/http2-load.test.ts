import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { it } from "node:test";
import { ClientConnection } from "../src/http2/client-connection.ts";
import { resetStream, sendData, sendHeaders, sendTrailers } from "../src/http2/send.ts";
import { ServerConnection } from "../src/http2/server-connection.ts";
import type { Stream, StreamEvents } from "../src/http2/stream.ts";
import { REQUEST } from "./http2-peer.ts";
import { seededRandom } from "./seeded-random.ts";

const CALLS = Number(process.env["HTTP2_LOAD_CALLS"] ?? "6000");
const CONNECTIONS = 3;
const AT_ONCE = 40;
/** Of all calls. A server ends connections that cancel faster than it allows. */
const CANCELLED = 0.02;
const CANCEL = 8;
const EMPTY = Buffer.alloc(0);
const PATTERN = Buffer.from(Array.from({ length: 1 << 20 }, (_, i) => (i * 31 + (i >> 8)) & 0xff));

/** What is sent is the same every time; servers have numbers of their own, since they are asked in any order. */
const [randomOfClients, randomOfServers] = [seededRandom(1), seededRandom(2)];

function random(below: number): number {
  return Math.floor(randomOfClients() * below);
}

/** Mostly small, some large. */
function randomBody(): Buffer {
  const [kind, start] = [random(100), random(4096)];
  if (kind === 0) return PATTERN.subarray(start, start + random(1_000_000));
  return PATTERN.subarray(start, start + (kind < 15 ? random(60_000) : random(600)));
}

/** Gives back what comes, sometimes before it has come in full. */
function echo(stream: Stream): StreamEvents {
  const isEager = randomOfServers() < 0.5;
  const chunks: Buffer[] = [];
  const begin = (): void => {
    sendHeaders(stream, [":status", "200"], false);
  };
  if (isEager) begin();
  return {
    onHeaders: () => assert.fail("no trailers were sent"),
    onData: (chunk, isEnd) => {
      const copy = Buffer.from(chunk);
      if (isEager) sendData(stream, EMPTY, copy, false);
      else chunks.push(copy);
      if (!isEnd) return;
      if (!isEager) {
        begin();
        sendData(stream, EMPTY, Buffer.concat(chunks), false);
      }
      sendTrailers(stream, ["grpc-status", "0"]);
    },
    onReset: () => {},
    onDrain: () => {},
  };
}

/** One call; true when it was answered, false when it was cancelled. Throws where the answer is not what was sent. */
function call(connection: ClientConnection): Promise<boolean> {
  const body = randomBody();
  const cancelAfter = randomOfClients() < CANCELLED ? random(body.length + 1) : Infinity;
  return new Promise((resolve, reject) => {
    let received = 0;
    const stream = connection.request(
      REQUEST,
      {
        onHeaders: (_list, isEnd) => {
          if (!isEnd) return;
          if (received === body.length) resolve(true);
          else reject(new Error(`${received} of ${body.length} bytes`));
        },
        onData: (chunk) => {
          if (!chunk.equals(body.subarray(received, received + chunk.length))) reject(new Error("other bytes"));
          received += chunk.length;
          if (received < cancelAfter) return;
          resetStream(stream, CANCEL);
          resolve(false);
        },
        onReset: (code, lost) => {
          reject(lost ?? new Error(`reset with ${code}`));
        },
        onDrain: () => {},
      },
      false,
    );
    sendData(stream, body.subarray(0, 3), body.subarray(3), true);
  });
}

it(
  `answers ${CALLS} calls byte for byte, some cancelled, and counts windows exactly`,
  { timeout: 600_000 },
  async () => {
    const servers: ServerConnection[] = [];
    const listener = createServer((socket) => {
      const server: ServerConnection = new ServerConnection(socket, echo, () => {});
      servers.push(server);
    });
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    const { port } = listener.address() as AddressInfo;
    const ignore = (): void => {};
    const clients = Array.from({ length: CONNECTIONS }, () => {
      const socket = connect(port, "127.0.0.1").setNoDelay(true);
      return new ClientConnection(socket, {
        onSettings: ignore,
        onGoaway: ignore,
        onStreamClosed: ignore,
        onEnd: ignore,
      });
    });
    try {
      let left = CALLS;
      let answered = 0;
      const work = async (client: ClientConnection): Promise<void> => {
        while (left > 0) {
          left -= 1;
          if (await call(client)) answered += 1;
        }
      };
      await Promise.all(clients.flatMap((client) => Array.from({ length: AT_ONCE }, () => work(client))));
      assert.ok(answered > CALLS * 0.9 && answered < CALLS, `${answered} answers`);
      const isSettled = (): boolean =>
        servers.every((one) => one.streams.size + one.unsentBytes === 0) &&
        sum(clients, "sendWindow") === sum(servers, "receive") &&
        sum(servers, "sendWindow") === sum(clients, "receive");
      const endMs = performance.now() + 30_000;
      while (!isSettled() && performance.now() < endMs) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(sum(clients, "sendWindow"), sum(servers, "receive"), "of the clients");
      assert.equal(sum(servers, "sendWindow"), sum(clients, "receive"), "of the servers");
      for (const one of [...clients, ...servers]) {
        assert.deepEqual([one.streams.size, one.blocked.size, one.unsentBytes, one.failure], [0, 0, 0, undefined]);
      }
    } finally {
      for (const one of [...clients, ...servers]) one.destroy("the test is over");
      listener.close();
    }
  },
);

function sum(all: readonly (ClientConnection | ServerConnection)[], what: "sendWindow" | "receive"): number {
  return all.reduce((bytes, one) => bytes + (what === "receive" ? one.windows.connection : one.sendWindow), 0);
}
