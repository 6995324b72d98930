import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import type { App } from "../src/app.ts";
import { startTestApp } from "./orchestrator.ts";

const GRAPH = { name: "m", type: "MODEL", implementation: "SIMPLE_MODEL" };
const PATH = "/api/v1.0/predictions";
const WINDOW_MS = 500;

async function open(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {
    // A reset is one of the ways to be let go.
  });
  await once(socket, "connect");
  return socket;
}

/** Everything that comes until the connection is closed. */
async function readToEnd(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  // Not by once(): a reset after the answer is no failure.
  await new Promise((resolve) => socket.on("close", resolve));
  return text;
}

/** Sends a byte now and then for as long as the connection lasts. */
function trickle(socket: Socket): void {
  const timer = setInterval(() => socket.write("a"), 20);
  socket.once("close", () => {
    clearInterval(timer);
  });
}

describe("what one client may take", { timeout: 600_000, concurrency: true }, () => {
  let app: App;

  before(async () => {
    app = await startTestApp(GRAPH, {
      flags: [`--body_read_timeout=${WINDOW_MS}ms`, "--idle_timeout=300ms", "--max_header_bytes=8192"],
    });
  });
  after(async () => {
    await app.stop();
  });

  it("ends in 408 where a head trickles, or never comes", async () => {
    const strict = await startTestApp(GRAPH, { flags: ["--headers_timeout=100ms"] });
    try {
      const slow = await open(strict.httpPort);
      slow.write("GET /ready HTTP/1.1\r\nx: ");
      trickle(slow);
      assert.match(await readToEnd(slow), /^HTTP\/1.1 408 /);
      const silent = await open(strict.httpPort);
      assert.match(await readToEnd(silent), /^HTTP\/1.1 408 /);
    } finally {
      await strict.stop();
    }
  });

  it("ends in 408 where a body trickles or stops, declared or chunked", async () => {
    for (const framing of ["content-length: 100000", "transfer-encoding: chunked"]) {
      const slow = await open(app.httpPort);
      slow.write(`POST ${PATH} HTTP/1.1\r\nhost: a\r\n${framing}\r\n\r\n`);
      if (framing.startsWith("content")) trickle(slow);
      else slow.write("5\r\nhello\r\n");
      assert.match(await readToEnd(slow), /^HTTP\/1.1 408 /);
    }
  });

  it("does not end where a body is slow but goes on", async () => {
    const socket = await open(app.httpPort);
    const chunk = " ".repeat(20_000);
    const chunks = 16;
    socket.write(`POST ${PATH} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: ${chunks * 20_000}\r\n\r\n`);
    const startedMs = performance.now();
    let sent = 0;
    const timer = setInterval(() => {
      sent += 1;
      socket.write(sent === chunks ? `${chunk.slice(2)}{}` : chunk);
      if (sent === chunks) clearInterval(timer);
    }, 100);
    assert.match(await readToEnd(socket), /^HTTP\/1.1 200 /);
    assert.ok(performance.now() - startedMs > 3 * WINDOW_MS);
  });

  it("is a head of so many bytes: 431", async () => {
    const socket = await open(app.httpPort);
    socket.write(`GET /ready HTTP/1.1\r\nhost: a\r\nx: ${"y".repeat(9000)}\r\n\r\n`);
    assert.match(await readToEnd(socket), /^HTTP\/1.1 431 /);
  });

  it("is an idle connection for so long", async () => {
    const socket = await open(app.httpPort);
    socket.write("GET /live HTTP/1.1\r\nhost: a\r\n\r\n");
    assert.match(await readToEnd(socket), /^HTTP\/1.1 200 /);
  });

  it("is so many connections, on either port", async () => {
    const few = await startTestApp(GRAPH, { flags: ["--max_connections=2"] });
    try {
      for (const port of [few.httpPort, few.grpcPort]) {
        const kept = [await open(port), await open(port)];
        assert.equal(await readToEnd(await open(port)), "");
        assert.ok(kept.every((socket) => !socket.destroyed));
        for (const socket of kept) socket.destroy();
      }
    } finally {
      await few.stop();
    }
  });

  it("is an answer that it reads: one that nobody reads is dropped", async () => {
    const echo = await startEcho();
    const reader = await startTestApp(
      {
        name: "m",
        type: "MODEL",
        endpoint: { service_host: "127.0.0.1", service_port: echo.port, httpPort: echo.port },
      },
      { flags: [`--body_read_timeout=${WINDOW_MS}ms`, "--max_connections=1"] },
    );
    try {
      const socket = await open(reader.httpPort);
      socket.pause();
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.write(`POST ${PATH} HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}`);
      await echo.answered;
      // A client that looks would be reading; but once this connection is gone, there is room for another one.
      for (let text = ""; !text.startsWith("HTTP/1.1 200 ");) {
        const other = await open(reader.httpPort);
        other.write("GET /live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        text = await readToEnd(other);
      }
      socket.resume();
      await closed;
      assert.ok(socket.bytesRead < ANSWER_BYTES, `${socket.bytesRead} bytes`);
    } finally {
      await reader.stop();
      echo.stop();
    }
  });
});

const ANSWER_BYTES = 64 << 20;

/** A node with one large answer. */
async function startEcho() {
  const { createServer } = await import("node:http");
  const answered = Promise.withResolvers<undefined>();
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader("content-type", "application/octet-stream");
    response.end(Buffer.alloc(ANSWER_BYTES, 1), () => {
      answered.resolve(undefined);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as { port: number }).port,
    answered: answered.promise,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
