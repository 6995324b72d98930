import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { issueCertificate } from "../../control-plane/src/deliver/admission/certificates/issue.ts";
import { Kube } from "./kube.ts";

/** A server that answers by `isAnswered`, or closes the connection without a word; calls made of it through the API's client. */
async function withServer(
  isAnswered: (socket: Socket, asked: number) => boolean,
  check: (kube: Kube, asked: () => number) => Promise<void>,
): Promise<void> {
  const { key, certificate, authority } = await issueCertificate({
    dnsNames: ["localhost"],
    nowMs: Date.now(),
    lifetimeMs: 3_600_000,
  });
  let asked = 0;
  const server = createServer({ key, cert: certificate, keepAliveTimeout: 600_000 }, (request, response) => {
    asked += 1;
    if (isAnswered(request.socket, asked)) response.end('{"kind":"Node"}');
    else request.socket.destroy();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const folder = mkdtempSync(join(tmpdir(), "kube-"));
  const config = {
    clusters: [
      {
        name: "c",
        cluster: {
          server: `https://localhost:${(server.address() as AddressInfo).port}`,
          "certificate-authority-data": Buffer.from(authority).toString("base64"),
        },
      },
    ],
    users: [{ name: "u", user: { token: "t" } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  writeFileSync(join(folder, "config"), JSON.stringify(config));
  const kube = new Kube(join(folder, "config"));
  try {
    await check(kube, () => asked);
  } finally {
    kube.close();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

test("a call that met a connection which was just being closed is made again on another", async () => {
  const used = new Set<Socket>();
  const isFirst = (socket: Socket): boolean => !used.has(socket) && used.add(socket).size > 0;
  await withServer(isFirst, async (kube, asked) => {
    for (let i = 0; i < 3; i += 1) assert.equal((await kube.get("Node", "", "n"))?.kind, "Node");
    assert.equal(asked(), 5);
  });
});

test("a server that closes new connections too is not asked without end", async () => {
  await withServer(
    () => false,
    async (kube, asked) => {
      await assert.rejects(kube.get("Node", "", "n"), /ECONNRESET|hang up/);
      assert.equal(asked(), 1);
    },
  );
});
