import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { Client, credentials, Server, ServerCredentials, type sendUnaryData } from "@grpc/grpc-js";
import { freePort } from "../../scripts/free-port-for-tests.ts";
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

describe("readiness", { timeout: 600_000 }, () => {
  it("is 503 where a node can't be asked at all", async () => {
    const endpoint = { service_host: "no\nhost", service_port: 9000, httpPort: 9000 };
    const app = await startTestApp({ name: "m", type: "MODEL", endpoint }, { flags: ["--full_health_checks=true"] });
    try {
      assert.equal((await fetch(`http://127.0.0.1:${app.httpPort}/ready`)).status, 503);
    } finally {
      await app.stop();
    }
  });

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
      const endMs = performance.now() + 30_000;
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

  it("is told to who watches the health, when the last node has come up", async () => {
    const port = await freePort();
    const endpoint = { service_host: "127.0.0.1", service_port: port, httpPort: port, grpcPort: port };
    const app = await startTestApp({ name: "m", type: "MODEL", endpoint });
    const client = new Client(`127.0.0.1:${app.grpcPort}`, credentials.createInsecure());
    const same = (bytes: Buffer): Buffer => bytes;
    const watch = client.makeServerStreamRequest("/grpc.health.v1.Health/Watch", same, same, Buffer.alloc(0));
    watch.on("error", () => {
      // It is cancelled below.
    });
    try {
      assert.deepEqual(await once(watch, "data"), [Buffer.from([8, 2])]);
      const node = await startNode(() => 200, port);
      assert.deepEqual(await once(watch, "data"), [Buffer.from([8, 1])]);
      node.server.close();
    } finally {
      watch.cancel();
      client.close();
      await app.stop();
    }
  });

  it("asks by the protocol's own path, or for a connection where the protocol has none", async () => {
    let status = 503;
    const node = await startNode(() => status);
    const graph = { name: "m", type: "MODEL", endpoint: node.endpoint };
    const flags = (protocol: string): string[] => ["--full_health_checks", `--protocol=${protocol}`];
    const v2 = await startTestApp(graph, { flags: flags("v2") });
    const tensorflow = await startTestApp(graph, { flags: flags("tensorflow") });
    const ready = async (port: number, path: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}${path}`)).status;
    try {
      assert.equal(await ready(tensorflow.httpPort, "/ready"), 200);
      assert.deepEqual(node.paths, []);
      assert.equal(await ready(v2.httpPort, "/ready"), 503);
      assert.equal(await ready(v2.httpPort, "/v2/health/ready"), 503);
      status = 200;
      assert.equal(await ready(v2.httpPort, "/v2/health/ready"), 200);
      assert.deepEqual([...new Set(node.paths)], ["GET /v2/health/ready"]);
    } finally {
      await Promise.all([v2.stop(), tensorflow.stop()]);
      node.server.close();
    }
  });

  it("asks a node that speaks gRPC alone for its health, and leaves no connection behind", async () => {
    const same = (bytes: Buffer): Buffer => bytes;
    const health = new Server();
    let answer = 2;
    const check = (_call: unknown, callback: sendUnaryData<Buffer>): void => {
      callback(null, Buffer.from([8, answer]));
    };
    health.register("/grpc.health.v1.Health/Check", check, same, same, "unary");
    // One without that service has shown by its answer that it is there.
    const without = new Server();
    without.register("/a.B/C", check, same, same, "unary");
    const [healthPort, withoutPort] = await Promise.all([health, without].map(bind));
    const graph = (port: number | undefined) => {
      const endpoint = { service_host: "127.0.0.1", service_port: port, grpcPort: port, type: "GRPC" };
      return { name: "m", type: "MODEL", endpoint };
    };
    const flags = ["--full_health_checks"];
    const [one, two] = await Promise.all([
      startTestApp(graph(healthPort), { flags }),
      startTestApp(graph(withoutPort), { flags }),
    ]);
    const ready = async (port: number): Promise<number> => (await fetch(`http://127.0.0.1:${port}/ready`)).status;
    try {
      assert.equal(await ready(two.httpPort), 200);
      assert.equal(await ready(one.httpPort), 503);
      answer = 1;
      assert.equal(await ready(one.httpPort), 200);
      without.forceShutdown();
      assert.equal(await ready(two.httpPort), 503);
      // It ends only where nobody is connected any more.
      await new Promise<void>((resolve, reject) => {
        health.tryShutdown((error) => {
          if (error === undefined) resolve();
          else reject(error);
        });
      });
    } finally {
      await Promise.all([one.stop(), two.stop()]);
      health.forceShutdown();
    }
  });

  it("asks each node once for all who ask at the same time", async () => {
    const node = await startNode(() => 200);
    const graph = { name: "m", type: "MODEL", endpoint: node.endpoint };
    const app = await startTestApp(graph, { flags: ["--full_health_checks"] });
    try {
      const startMs = performance.now();
      const asked = 200;
      const answers = await Promise.all(
        Array.from({ length: asked }, () => fetch(`http://127.0.0.1:${app.httpPort}/ready`)),
      );
      assert.ok(answers.every(({ status }) => status === 200));
      const atMost = 2 + (performance.now() - startMs) / 50;
      assert.ok(node.paths.length <= atMost, `${node.paths.length} of ${asked}, at most ${atMost}`);
    } finally {
      await app.stop();
      node.server.close();
    }
  });
});

function bind(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}
