import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { describe, it } from "node:test";
import { startTestApp } from "./orchestrator.ts";

/** What a node was asked, through a client that calls `paths` one after the other, and what the client got. */
async function callThrough(
  paths: readonly string[],
): Promise<{ readonly asked: string[]; readonly statuses: number[] }> {
  const asked: string[] = [];
  const used = new Set<Socket>();
  // Like a server that ends: every connection is closed when it is used again.
  const node = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (used.has(request.socket)) {
      request.socket.destroy();
      return;
    }
    used.add(request.socket);
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  }).listen(0, "127.0.0.1");
  node.keepAliveTimeout = 600_000;
  await once(node, "listening");
  const { port } = node.address() as AddressInfo;
  const endpoint = { service_host: "127.0.0.1", service_port: port, httpPort: port };
  const app = await startTestApp({ name: "m", type: "MODEL", methods: ["SEND_FEEDBACK"], endpoint });
  try {
    const statuses: number[] = [];
    for (const path of paths) {
      const url = `http://127.0.0.1:${app.httpPort}/api/v1.0/${path}`;
      const response = await fetch(url, {
        method: "POST",
        body: "{}",
        headers: { "content-type": "application/json" },
      });
      await response.arrayBuffer();
      statuses.push(response.status);
    }
    return { asked, statuses };
  } finally {
    await app.stop();
    node.closeAllConnections();
    node.close();
  }
}

describe("a node that is just closing the connection a call goes out on", { timeout: 600_000 }, () => {
  it("gets a prediction again", async () => {
    const { asked, statuses } = await callThrough(["predictions", "predictions"]);
    assert.deepEqual(statuses, [200, 200]);
    assert.deepEqual(asked, ["/predict", "/predict", "/predict"]);
  });

  it("gets no reward twice", async () => {
    const { asked, statuses } = await callThrough(["predictions", "feedback"]);
    assert.deepEqual(statuses, [200, 503]);
    assert.deepEqual(asked, ["/predict", "/send-feedback"]);
  });
});
