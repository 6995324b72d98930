import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { Client, credentials } from "@grpc/grpc-js";
import { startTestApp } from "./orchestrator.ts";

/** A node whose status path answers what `status` says; counts its open connections. */
async function startNode(status: () => number, port = 0) {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(`${request.method} ${request.url}`);
    response.writeHead(status());
    response.end("x".repeat(100_000));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const { port: bound } = server.address() as AddressInfo;
  const endpoint = { service_host: "127.0.0.1", service_port: bound, httpPort: bound, grpcPort: bound + 1 };
  return { server, paths, endpoint, port: bound };
}

describe("readiness", { timeout: 30_000 }, () => {
  it("asks for 200 by HTTP with --full_health_checks, and leaves no connection behind", async () => {
    let status = 503;
    const node = await startNode(() => status);
    const graph = { name: "m", type: "MODEL", endpoint: node.endpoint };
    const app = await startTestApp(graph, { flags: ["--full_health_checks=true"] });
    const plain = await startTestApp(graph);
    try {
      const ready = async (port: number): Promise<number> => (await fetch(`http://127.0.0.1:${port}/ready`)).status;
      assert.equal(await ready(app.httpPort), 503);
      assert.equal(await ready(plain.httpPort), 200);
      status = 200;
      assert.equal(await ready(app.httpPort), 200);
      assert.deepEqual(node.paths, ["GET /api/v1.0/health/status", "GET /api/v1.0/health/status"]);
      const endMs = performance.now() + 5000;
      for (let open = 1; open > 0;) {
        assert.ok(performance.now() < endMs, "a probe's connection is still open");
        open = await new Promise<number>((resolve) => {
          node.server.getConnections((_error, count) => {
            resolve(count);
          });
        });
      }
    } finally {
      await Promise.all([app.stop(), plain.stop()]);
      node.server.close();
    }
  });

  it("is told at once to who watches the health, when the last node has come up", async () => {
    const first = await startNode(() => 200);
    const { port } = first;
    first.server.close();
    await once(first.server, "close");
    const app = await startTestApp({ name: "m", type: "MODEL", endpoint: first.endpoint });
    const client = new Client(`127.0.0.1:${app.grpcPort}`, credentials.createInsecure());
    const same = (bytes: Buffer): Buffer => bytes;
    const watch = client.makeServerStreamRequest("/grpc.health.v1.Health/Watch", same, same, Buffer.alloc(0));
    watch.on("error", () => {
      // It is cancelled below.
    });
    try {
      assert.deepEqual(await once(watch, "data"), [Buffer.from([8, 2])]);
      const node = await startNode(() => 200, port);
      const upMs = performance.now();
      assert.deepEqual(await once(watch, "data"), [Buffer.from([8, 1])]);
      assert.ok(performance.now() - upMs < 900, `${performance.now() - upMs} ms`);
      node.server.close();
    } finally {
      watch.cancel();
      client.close();
      await app.stop();
    }
  });
});
