import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { describe, it } from "node:test";
import { startTestApp } from "./orchestrator.ts";

/** `tr` of /proc/net/tcp: the kernel waits to ask the other side whether it is there. */
const KEEP_ALIVE_TIMER = "02";

/** Which timer runs on our side of a connection, by the ports of both sides; undefined where there is none such. */
function timerOf(localPort: number, remotePort: number): string | undefined {
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readFileSync(file, "utf8").split("\n")) {
      const [, local = "", remote = "", , , timer = ""] = line.trim().split(/\s+/);
      if (portOf(local) === localPort && portOf(remote) === remotePort) return timer.slice(0, 2);
    }
  }
  return undefined;
}

function portOf(address: string): number {
  return Number.parseInt(address.split(":")[1] ?? "", 16);
}

async function becomesKeepAlive(localPort: number, remotePort: number): Promise<void> {
  const endMs = performance.now() + 60_000;
  // What was sent is acknowledged first.
  while (timerOf(localPort, remotePort) !== KEEP_ALIVE_TIMER) {
    assert.ok(performance.now() < endMs, `nobody asks for the other side: ${timerOf(localPort, remotePort)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const skip = process.platform === "linux" ? false : "the kernel's timers are read as Linux shows them";

describe("a call whose other side loses its power", { timeout: 600_000, skip }, () => {
  it("has both its connections asked whether anybody is there", async () => {
    const sockets: Socket[] = [];
    const node = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
    }).listen(0, "127.0.0.1");
    await once(node, "listening");
    const { port } = node.address() as AddressInfo;
    const endpoint = { service_host: "127.0.0.1", service_port: port, httpPort: port };
    const app = await startTestApp({ name: "m", type: "MODEL", endpoint });
    const client = connect(app.httpPort, "127.0.0.1");
    client.on("error", () => {});
    try {
      const asked = once(node, "connection");
      client.write("POST /api/v1.0/predictions HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}");
      await asked;
      await becomesKeepAlive(sockets[0]?.remotePort ?? 0, port);
      await becomesKeepAlive(app.httpPort, client.localPort ?? 0);
    } finally {
      client.destroy();
      await app.stop();
      for (const socket of sockets) socket.destroy();
      node.close();
    }
  });
});
