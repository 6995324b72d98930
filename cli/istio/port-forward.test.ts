import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import type { ClusterAccess } from "../../control-plane/src/kubernetes-api/cluster-access.ts";
import { fetchFromPod } from "./port-forward.ts";

const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

function frame(content: Buffer): Buffer {
  const length =
    content.length < 126
      ? Buffer.from([content.length])
      : Buffer.from([126, content.length >> 8, content.length & 255]);
  return Buffer.concat([Buffer.from([0x82]), length, content]);
}

/** An API server that forwards ports: it accepts a WebSocket, and answers the first message with these. */
async function apiServer(answers: readonly Buffer[]): Promise<{ access: ClusterAccess; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer();
  servers.push(server);
  server.on("upgrade", (request, socket) => {
    asked.push(`${request.url ?? ""} ${request.headers.authorization ?? ""}`);
    const accept = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"] ?? ""}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n` +
        "sec-websocket-protocol: v4.channel.k8s.io\r\n\r\n",
    );
    for (const channel of [0, 1]) socket.write(frame(Buffer.from([channel, 0x98, 0x3a])));
    socket.once("data", () => {
      for (const answer of answers) socket.write(frame(answer));
      socket.end(Buffer.from([0x88, 0]));
    });
    socket.on("error", () => {
      socket.destroy();
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const credentials = { headers: { authorization: "Bearer token" }, tls: {} };
  return { asked, access: { server: `http://127.0.0.1:${port}`, credentials: () => Promise.resolve(credentials) } };
}

const PAGE = { namespace: "istio-system", pod: "istiod-1", port: 15_000, path: "/x" };

function data(channel: number, text: string): Buffer {
  return Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);
}

test("a page is read through the API server, however it is cut", async () => {
  const { access, asked } = await apiServer([
    data(0, "HTTP/1.0 200 OK\r\ncontent-"),
    data(0, "length: 5\r\n\r\nhe"),
    data(0, "llo"),
  ]);
  assert.equal(await fetchFromPod(access, PAGE, 5000), "hello");
  assert.deepEqual(asked, ["/api/v1/namespaces/istio-system/pods/istiod-1/portforward?ports=15000 Bearer token"]);
});

test("a status other than 200 is said with its body", async () => {
  const { access } = await apiServer([data(0, "HTTP/1.0 401 Unauthorized\r\n\r\nwho are you")]);
  await assert.rejects(fetchFromPod(access, PAGE, 5000), /status 401: who are you/);
});

test("a port on which nobody listens is said", async () => {
  const { access } = await apiServer([data(1, "connection refused")]);
  await assert.rejects(fetchFromPod(access, PAGE, 5000), /connection refused/);
});

test("no answer is an error, too", async () => {
  const { access } = await apiServer([]);
  await assert.rejects(fetchFromPod(access, PAGE, 5000), /closed port 15000 without an answer/);
});
