import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:https";
import { connect as connectHttp2 } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { Client, credentials } from "@grpc/grpc-js";
import type { App } from "../src/app.ts";
import { makeAuthority, SecretFolder, type Authority, type Pem } from "./certificates.ts";
import { startTestApp } from "./orchestrator.ts";
import { encodeRequest } from "./stub-node.ts";

const GRAPH = { name: "m", type: "MODEL", implementation: "SIMPLE_MODEL" };
const same = (bytes: Buffer): Buffer => bytes;

function filesOf(pair: Pem): Record<string, string> {
  return { "tls.crt": pair.cert, "tls.key": pair.key };
}

/** The handshake's outcome; with TLS 1.3 a server refuses a client only after it, so a byte must come back too. */
async function handshake(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ port, host: "127.0.0.1", servername: "localhost", ...options });
  await once(socket, "secureConnect");
  return socket;
}

async function commonName(port: number, ca: string): Promise<string> {
  const socket = await handshake(port, { ca });
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
}

function post(port: number, options: Readonly<Record<string, unknown>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const path = "/api/v1.0/predictions";
    const call = request({ host: "localhost", port, method: "POST", path, ...options }, (response) => {
      response.resume();
      response.on("end", () => {
        resolve(response.statusCode ?? 0);
      });
    });
    call.on("error", reject);
    call.end('{"data":{"ndarray":[[1]]}}');
  });
}

function predict(client: Client): Promise<number> {
  return new Promise((resolve) => {
    const message = encodeRequest("Predict", { data: { ndarray: [[1]] } });
    client.makeUnaryRequest(
      "/seldon.protos.Seldon/Predict",
      same,
      same,
      message,
      { deadline: Date.now() + 30_000 },
      (error) => {
        resolve(error?.code ?? 0);
      },
    );
  });
}

async function reloads(app: App, options: Readonly<Record<string, unknown>>): Promise<Record<string, number>> {
  const text = await new Promise<string>((resolve, reject) => {
    const call = request({ host: "localhost", port: app.httpPort, path: "/metrics", ...options }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("end", () => {
        resolve(body);
      });
    });
    call.on("error", reject);
    call.end();
  });
  const found = text.matchAll(/^graphway_orchestrator_tls_reloads_total\{outcome="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...found].map(([, outcome, count]) => [outcome ?? "", Number(count)]));
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!(await condition())) {
    assert.ok(performance.now() < endMs, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe("TLS on the ports", { timeout: 600_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "orchestrator-tls-"));
  let authority: Authority;
  let other: Authority;
  let secret: SecretFolder;
  let app: App;
  let ca: string;

  before(async () => {
    [authority, other] = await Promise.all([makeAuthority("ours"), makeAuthority("another")]);
    ca = authority.pem;
    secret = new SecretFolder(join(folder, "cert"), filesOf(await authority.issue("first")));
    app = await startTestApp(GRAPH, { env: { SELDON_CERT_MOUNT_PATH: secret.path } });
  });
  after(async () => {
    await app.stop();
    rmSync(folder, { recursive: true });
  });

  it("is spoken on both, by its own protocol each, and by clients that offer none", async () => {
    assert.equal(await post(app.httpPort, { ca }), 200);
    const rest = await handshake(app.httpPort, { ca, ALPNProtocols: ["h2", "http/1.1"] });
    assert.equal(rest.alpnProtocol, "http/1.1");
    const grpc = await handshake(app.grpcPort, { ca, ALPNProtocols: ["h2", "http/1.1"] });
    assert.equal(grpc.alpnProtocol, "h2");
    const silent = await handshake(app.grpcPort, { ca });
    assert.equal(silent.alpnProtocol, false);
    for (const socket of [rest, grpc, silent]) socket.destroy();
    const client = new Client(`localhost:${app.grpcPort}`, credentials.createSsl(Buffer.from(ca)));
    assert.equal(await predict(client), 0);
    client.close();
  });

  it("refuses TLS 1.1, plain text and what is no TLS at all, and goes on", async () => {
    for (const port of [app.httpPort, app.grpcPort]) {
      await assert.rejects(handshake(port, { ca, maxVersion: "TLSv1.1", minVersion: "TLSv1.1" }));
      assert.equal((await handshake(port, { ca, maxVersion: "TLSv1.2" })).getProtocol(), "TLSv1.2");
    }
    await assert.rejects(fetch(`http://127.0.0.1:${app.httpPort}/ready`));
    const plain = connectHttp2(`http://127.0.0.1:${app.grpcPort}`);
    plain.on("error", () => {
      // It is closed, not answered.
    });
    await once(plain, "close");
    assert.equal(await post(app.httpPort, { ca }), 200);
  });

  it("takes a new certificate under load without one failed request; connections there go on", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 4, ca });
    const client = new Client(`localhost:${app.grpcPort}`, credentials.createSsl(Buffer.from(ca)));
    let isOn = true;
    const outcomes = new Map<string, number>();
    const count = (outcome: string): void => {
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    };
    const calls: readonly (() => Promise<string>)[] = [
      // Connections that stay, and one for each request.
      async () => `kept ${await post(app.httpPort, { agent })}`,
      async () => `new ${await post(app.httpPort, { agent: false, ca })}`,
      async () => `grpc ${await predict(client)}`,
    ];
    const loops = calls.map(async (call) => {
      while (isOn) count(await call().catch(String));
    });
    for (const name of ["second", "third"]) {
      secret.swap(filesOf(await authority.issue(name)));
      await until(async () => (await commonName(app.httpPort, ca)) === name);
      await until(async () => (await commonName(app.grpcPort, ca)) === name);
    }
    isOn = false;
    await Promise.all(loops);
    agent.destroy();
    client.close();
    assert.deepEqual([...outcomes.keys()].sort(), ["grpc 0", "kept 200", "new 200"], JSON.stringify([...outcomes]));
    for (const [outcome, calls] of outcomes) assert.ok(calls > 5, `${outcome}: ${calls}`);
  });

  it("keeps a pair out that does not match or parse, says so in a metric, and takes the next good one", async () => {
    const good = await authority.issue("fourth");
    const before = await reloads(app, { ca });
    const name = await commonName(app.httpPort, ca);
    const failures = before["failure"] ?? 0;
    secret.swap({ "tls.crt": good.cert, "tls.key": (await authority.issue("else")).key });
    await until(async () => (await reloads(app, { ca }))["failure"] === failures + 1);
    secret.swap({ "tls.crt": "no certificate", "tls.key": good.key });
    await until(async () => (await reloads(app, { ca }))["failure"] === failures + 2);
    assert.equal(await commonName(app.httpPort, ca), name);
    assert.equal(await commonName(app.grpcPort, ca), name);
    secret.swap(filesOf(good));
    await until(async () => (await commonName(app.httpPort, ca)) === "fourth");
    assert.equal((await reloads(app, { ca }))["success"], (before["success"] ?? 0) + 1);
  });

  it("asks clients for a certificate when it is told whose to believe", async () => {
    const own = await authority.issue("mutual");
    const files = { "c.pem": own.cert, "k.pem": own.key, "ca.pem": other.pem };
    const { path } = new SecretFolder(join(folder, "mutual"), files);
    const names = { SELDON_CERT_FILE_NAME: "c.pem", SELDON_CERT_KEY_FILE_NAME: "k.pem" };
    const mutual = await startTestApp(GRAPH, {
      env: { SELDON_CERT_MOUNT_PATH: path, ...names },
      flags: [`--tls_client_ca_file=${join(path, "ca.pem")}`],
    });
    try {
      const [friend, stranger] = await Promise.all([other.issue("friend"), authority.issue("stranger")]);
      assert.equal(await post(mutual.httpPort, { ca, ...friend }), 200);
      await assert.rejects(post(mutual.httpPort, { ca }));
      await assert.rejects(post(mutual.httpPort, { ca, ...stranger }));
      const rows: readonly [Pem | undefined, number][] = [
        [friend, 0],
        [undefined, 14],
        [stranger, 14],
      ];
      for (const [pair, code] of rows) {
        const shown = pair === undefined ? [] : [Buffer.from(pair.key), Buffer.from(pair.cert)];
        const client = new Client(`localhost:${mutual.grpcPort}`, credentials.createSsl(Buffer.from(ca), ...shown));
        assert.equal(await predict(client), code);
        client.close();
      }
    } finally {
      await mutual.stop();
    }
  });

  it("ends the start with a clear message where the files can't be used", async () => {
    const nowhere = { SELDON_CERT_MOUNT_PATH: join(folder, "nowhere") };
    await assert.rejects(startTestApp(GRAPH, { env: nowhere }), /the ports' certificate can't be used: .*tls.crt/);
  });
});
