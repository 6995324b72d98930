import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ServerCredentials } from "@grpc/grpc-js";
import { createLog } from "../src/observe/log.ts";
import { subscribeToGraph } from "../src/xds/graph-subscription.ts";
import { makeAuthority, SecretFolder, type Authority } from "./certificates.ts";
import { startTestApp } from "./orchestrator.ts";
import { brokenMessage, chainMessage, XdsStub } from "./xds-stub.ts";

const GRAPH = { name: "local", type: "MODEL", implementation: "SIMPLE_MODEL" };
const NODE = { httpPort: 9, grpcPort: 9 };
const quiet = createLog("fatal", {}, () => {});

async function metrics(port: number): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!(await condition())) {
    assert.ok(performance.now() < endMs, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe("the way to the control plane", { timeout: 600_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "orchestrator-xds-"));
  let authority: Authority;

  before(async () => {
    authority = await makeAuthority("control plane");
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  async function startSecure(asksClients: boolean): Promise<XdsStub> {
    const pair = await authority.issue("xds");
    const own = { cert_chain: Buffer.from(pair.cert), private_key: Buffer.from(pair.key) };
    const xds = new XdsStub();
    await xds.start(0, ServerCredentials.createSsl(Buffer.from(authority.pem), [own], asksClients));
    return xds;
  }

  it("is TLS with our own certificate, checked against --xds_ca_file and --xds_server_name", async () => {
    const xds = await startSecure(true);
    const pair = await authority.issue("orchestrator");
    const files = { "ca.crt": authority.pem, "tls.crt": pair.cert, "tls.key": pair.key };
    const { path } = new SecretFolder(join(folder, "xds"), files);
    const first = once(xds, "request");
    const starting = startTestApp(GRAPH, {
      flags: [
        `--xds_server=127.0.0.1:${xds.port}`,
        "--xds_server_name=localhost",
        `--xds_ca_file=${join(path, "ca.crt")}`,
        `--xds_cert_file=${join(path, "tls.crt")}`,
        `--xds_key_file=${join(path, "tls.key")}`,
      ],
    });
    await first;
    assert.equal((await xds.push(chainMessage([NODE]), "v1")).errorDetail, null);
    const app = await starting;
    try {
      const text = await metrics(app.httpPort);
      assert.match(text, /^graphway_orchestrator_graph_info\{source="xds",version="v1"\} 1$/m);
      assert.match(text, /^graphway_orchestrator_xds_connected 1$/m);
      assert.match((await xds.push(brokenMessage(), "v2")).errorDetail?.message ?? "", /has no endpoint/);
      const after = await metrics(app.httpPort);
      assert.match(after, /^graphway_orchestrator_graphs_refused_total 1$/m);
      assert.match(after, /version="v1"\} 1$/m);
      xds.stop();
      await until(async () => (await metrics(app.httpPort)).includes("\ngraphway_orchestrator_xds_connected 0\n"));
    } finally {
      xds.stop();
      await app.stop();
    }
  });

  it("is not taken where its certificate is another's: the local graph is served", async () => {
    const xds = await startSecure(false);
    const stranger = await makeAuthority("stranger");
    const { path } = new SecretFolder(join(folder, "wrong"), { "ca.crt": stranger.pem });
    const flags = [`--xds_server=https://localhost:${xds.port}`, `--xds_ca_file=${join(path, "ca.crt")}`];
    const app = await startTestApp(GRAPH, { flags });
    try {
      assert.deepEqual(xds.requests, []);
      assert.match(await metrics(app.httpPort), /^graphway_orchestrator_graph_info\{source="local",version=""\} 1$/m);
    } finally {
      await app.stop();
      xds.stop();
    }
  });

  it("is walked again with a new token as soon as the file has one", async () => {
    const xds = new XdsStub();
    await xds.start();
    const tokens: unknown[] = [];
    xds.on("request", (request, metadata) => {
      if (request.responseNonce === "") tokens.push(metadata["authorization"]);
    });
    const secret = new SecretFolder(join(folder, "token"), { token: "one\n" });
    const subscription = subscribeToGraph({
      server: `127.0.0.1:${xds.port}`,
      tokenFile: join(secret.path, "token"),
      identity: { namespace: "default", deployment: "iris", predictor: "main" },
      onGraph: () => {},
      log: quiet,
    });
    try {
      await until(() => tokens.length === 1);
      await xds.push(chainMessage([NODE]), "v1");
      secret.swap({ token: "two\n" });
      await until(() => tokens.length === 2);
      assert.deepEqual(tokens, ["Bearer one", "Bearer two"]);
      // What is held is said, so that it is not sent again.
      assert.deepEqual(xds.requests.at(-1)?.initialResourceVersions, { "default/iris/main": "v1" });
    } finally {
      subscription.stop();
      xds.stop();
    }
  });

  it("is tried again, and said, where it can't even begin", async () => {
    const said: unknown[] = [];
    const subscription = subscribeToGraph({
      server: "no address",
      tokenFile: undefined,
      identity: { namespace: "default", deployment: "iris", predictor: "main" },
      onGraph: () => {},
      log: { ...quiet, warn: (text) => said.push(text) },
    });
    try {
      await until(() => said.length >= 2);
      assert.deepEqual(said.slice(0, 2), Array(2).fill("the control plane can't be reached: Invalid URL"));
    } finally {
      subscription.stop();
    }
  });

  it("is left when it falls silent, and walked again", async () => {
    const xds = new XdsStub();
    await xds.start();
    const pairs: (readonly [Socket, Socket])[] = [];
    const proxy = createServer((client) => {
      const server = connect(xds.port, "127.0.0.1");
      pairs.push([client, server]);
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        from.on("error", () => to.destroy());
        from.on("close", () => to.destroy());
        from.pipe(to);
      }
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const firstRequest = once(xds, "request");
    const subscription = subscribeToGraph({
      server: `127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      tokenFile: undefined,
      identity: { namespace: "default", deployment: "iris", predictor: "main" },
      onGraph: () => {},
      log: quiet,
      keepAlive: { connectTimeoutMs: 30_000, pingIntervalMs: 50, pingTimeoutMs: 3_000 },
    });
    try {
      await firstRequest;
      const again = once(xds, "request", { signal: AbortSignal.timeout(60_000) });
      // No bytes, no close: as when the other host has lost its power.
      for (const [client, server] of pairs) {
        client.unpipe(server);
        server.unpipe(client);
      }
      await again;
      assert.equal(pairs.length, 2);
    } finally {
      subscription.stop();
      proxy.close();
      for (const sockets of pairs) for (const socket of sockets) socket.destroy();
      xds.stop();
    }
  });
});
