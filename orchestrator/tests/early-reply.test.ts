import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { contentOf, readContents } from "./known-content.ts";
import { startTestApp } from "./orchestrator.ts";

/** More than sockets take at once, so that a part of it is still to be written when the answer is there. */
const BODY = Buffer.concat([
  Buffer.from('{"strData":"'),
  ...Array.from({ length: 8 }, (_, seed) => contentOf({ seed, size: 3_000_000 })),
  Buffer.from('"}'),
]);
const REPLY = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

/** A node that answers at the first byte, and reads on only when it is told to. */
async function startEarlyNode() {
  const sockets: Socket[] = [];
  const chunks: Buffer[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {
      // It was cut off, as it has to be.
    });
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      if (chunks.length > 1) return;
      socket.pause();
      socket.write(REPLY);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    /** What comes until the orchestrator hangs up. */
    readRest: async () => {
      await Promise.all(
        sockets.map(async (socket) => {
          const closed = once(socket, "close");
          socket.resume();
          await Promise.race([closed, wait(30_000)]);
        }),
      );
      return Buffer.concat(chunks);
    },
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

it("a node that answers before it has read all gets nothing but the body, and not all of it", async () => {
  const node = await startEarlyNode();
  const endpoint = { service_host: "127.0.0.1", service_port: node.port, httpPort: node.port };
  const app = await startTestApp({ name: "m", type: "MODEL", endpoint });
  try {
    const headers = { "content-type": "application/json" };
    const url = `http://127.0.0.1:${app.httpPort}/api/v1.0/predictions`;
    const answer = await fetch(url, { method: "POST", body: BODY, headers });
    assert.equal(answer.status, 200, await answer.text());
    // Memory that was freed is somebody else's by now.
    await wait(50);
    Array.from({ length: 400 }, () => Buffer.allocUnsafeSlow(65_536).fill("."));
    const came = await node.readRest();
    assert.ok(came.length < BODY.length, `${came.length} bytes came`);
    assert.ok(readContents(came.subarray(came.indexOf("{")), true).length > 0);
  } finally {
    node.stop();
    await app.stop();
  }
});
