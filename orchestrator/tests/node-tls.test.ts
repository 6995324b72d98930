import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import type { App } from "../src/app.ts";
import { makeAuthority, SecretFolder, type Authority } from "./certificates.ts";
import { callGrpc, startTestApp } from "./orchestrator.ts";
import { encodeRequest } from "./stub-node.ts";

/** A node that speaks TLS only, and asks for a certificate; it remembers the names that it was shown. */
async function startNode(authority: Authority, name: string) {
  const pair = await authority.issue(name);
  const shown: string[] = [];
  const options = { ...pair, ca: authority.pem, requestCert: true, rejectUnauthorized: true };
  const rest: HttpsServer = createServer(options, (request, response) => {
    const { socket } = request;
    shown.push(socket instanceof TLSSocket ? String(socket.getPeerCertificate().subject.CN) : "nobody");
    request.resume();
    request.on("end", () => {
      response.setHeader("content-type", "application/json");
      // So that each call makes a handshake of its own.
      response.setHeader("connection", "close");
      response.end('{"strData":"secure"}');
    });
  });
  rest.listen(0, "127.0.0.1");
  await once(rest, "listening");
  const grpc = new Server();
  const same = (bytes: Buffer): Buffer => bytes;
  const reply = encodeRequest("Predict", { strData: "secure" });
  const handler = (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void => {
    shown.push(String(call.getAuthContext().sslPeerCertificate?.subject.CN));
    callback(null, reply);
  };
  grpc.register("/seldon.protos.Model/Predict", handler, same, same, "unary");
  const own = { cert_chain: Buffer.from(pair.cert), private_key: Buffer.from(pair.key) };
  const secure = ServerCredentials.createSsl(Buffer.from(authority.pem), [own], true);
  const grpcPort = await new Promise<number>((resolve, reject) => {
    grpc.bindAsync("127.0.0.1:0", secure, (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
  return {
    shown,
    httpPort: (rest.address() as AddressInfo).port,
    grpcPort,
    stop: () => {
      grpc.forceShutdown();
      rest.closeAllConnections();
      rest.close();
    },
  };
}

type Node = Awaited<ReturnType<typeof startNode>>;

function graphOf(node: Node, servicePort: number) {
  const ports = { service_port: servicePort, httpPort: node.httpPort, grpcPort: node.grpcPort };
  return { name: "m", type: "MODEL", endpoint: { service_host: "localhost", ...ports } };
}

async function rest(app: App): Promise<[number, string]> {
  const url = `http://127.0.0.1:${app.httpPort}/api/v1.0/predictions`;
  const response = await fetch(url, { method: "POST", body: "{}", headers: { connection: "close" } });
  return [response.status, await response.text()];
}

const grpc = (app: App) => callGrpc(app.grpcPort, "/seldon.protos.Seldon/Predict", encodeRequest("Predict", {}));

async function isReady(app: App): Promise<boolean> {
  return (await fetch(`http://127.0.0.1:${app.httpPort}/ready`)).status === 200;
}

describe("TLS to nodes", { timeout: 600_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "orchestrator-node-tls-"));
  let authority: Authority;
  let secret: SecretFolder;
  let node: Node;

  before(async () => {
    authority = await makeAuthority("nodes");
    node = await startNode(authority, "node");
    const pair = await authority.issue("first");
    secret = new SecretFolder(join(folder, "own"), {
      "ca.crt": authority.pem,
      "tls.crt": pair.cert,
      "tls.key": pair.key,
    });
  });
  after(() => {
    node.stop();
    rmSync(folder, { recursive: true });
  });

  const flagsOf = (path: string): string[] => [
    "--node_tls=on",
    `--node_ca_file=${join(path, "ca.crt")}`,
    `--node_cert_file=${join(path, "tls.crt")}`,
    `--node_key_file=${join(path, "tls.key")}`,
  ];

  it("carries both transports and the probes, and shows our certificate", async () => {
    for (const servicePort of [node.httpPort, node.grpcPort]) {
      const app = await startTestApp(graphOf(node, servicePort), { flags: flagsOf(secret.path) });
      const health = await startTestApp(graphOf(node, servicePort), {
        flags: [...flagsOf(secret.path), "--full_health_checks"],
      });
      try {
        node.shown.length = 0;
        assert.deepEqual(await rest(app), [200, '{"strData":"secure"}']);
        assert.deepEqual((await grpc(app)).body, { strData: "secure" });
        assert.deepEqual(node.shown, ["first", "first"]);
        assert.deepEqual([await isReady(app), await isReady(health)], [true, true]);
      } finally {
        await Promise.all([app.stop(), health.stop()]);
      }
    }
  });

  it("shows a new certificate on new connections, while the old one's calls all succeed", async () => {
    const app = await startTestApp(graphOf(node, node.httpPort), { flags: flagsOf(secret.path) });
    try {
      assert.equal((await rest(app))[0], 200);
      const pair = await authority.issue("second");
      secret.swap({ "ca.crt": authority.pem, "tls.crt": pair.cert, "tls.key": pair.key });
      const endMs = performance.now() + 30_000;
      for (node.shown.length = 0; !node.shown.includes("second");) {
        const answers = await Promise.all([rest(app), rest(app), rest(app), rest(app)]);
        assert.deepEqual([...new Set(answers.map(([status]) => status))], [200]);
        node.shown.splice(0, node.shown.length - 4);
        assert.ok(performance.now() < endMs, "the new certificate is never shown");
      }
    } finally {
      await app.stop();
    }
  });

  it("answers 503 and UNAVAILABLE, and is not ready, where either side does not believe the other", async () => {
    const stranger = await makeAuthority("stranger");
    const pair = await stranger.issue("stranger");
    const ours = await authority.issue("ours");
    const rows = [
      { "ca.crt": stranger.pem, "tls.crt": ours.cert, "tls.key": ours.key },
      { "ca.crt": authority.pem, "tls.crt": pair.cert, "tls.key": pair.key },
    ];
    for (const [i, files] of rows.entries()) {
      const { path } = new SecretFolder(join(folder, `wrong-${i}`), files);
      const app = await startTestApp(graphOf(node, node.httpPort), {
        flags: [...flagsOf(path), "--full_health_checks"],
      });
      try {
        const [status, body] = await rest(app);
        assert.equal(status, 503, body);
        assert.match(body, /can't be reached|closed the connection/);
        assert.equal((await grpc(app)).code, 14);
        assert.equal(await isReady(app), false);
      } finally {
        await app.stop();
      }
    }
  });

  it("has to agree on h2 for gRPC", async () => {
    const pair = await authority.issue("node");
    // One has no protocols at all, the other none of ours.
    const silent = createTlsServer(pair).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const rows: readonly (readonly [number, RegExp])[] = [
      [(silent.address() as AddressInfo).port, /its TLS agreed to no protocol, and gRPC needs h2/],
      [node.httpPort, /its TLS has no h2, which gRPC needs/],
    ];
    try {
      for (const [grpcPort, expected] of rows) {
        const { endpoint, ...graph } = graphOf(node, node.httpPort);
        const app = await startTestApp(
          { ...graph, endpoint: { ...endpoint, grpcPort } },
          { flags: flagsOf(secret.path) },
        );
        const { code, details } = await grpc(app).finally(() => app.stop());
        assert.equal(code, 14);
        assert.match(details, expected);
      }
    } finally {
      silent.close();
    }
  });

  it("is not offered to nodes without it", async () => {
    const app = await startTestApp(graphOf(node, node.httpPort));
    try {
      assert.notEqual((await rest(app))[0], 200);
      assert.equal((await grpc(app)).code, 14);
    } finally {
      await app.stop();
    }
  });
});
