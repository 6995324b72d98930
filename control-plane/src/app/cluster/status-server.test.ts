import assert from "node:assert/strict";
import { once } from "node:events";
import { request, type IncomingMessage, type RequestOptions } from "node:http";
import { test } from "node:test";
import { startStatusServer } from "./status-server.ts";

test("tells of metrics, life and readiness, and takes any path for what it is", async () => {
  let missing: string | undefined = "something";
  const server = await startStatusServer({
    host: "127.0.0.1",
    port: 0,
    render: () => Promise.resolve({ contentType: "text/plain", text: "metrics\n" }),
    notReady: () => missing,
  });
  try {
    assert.equal(await statusOf(server.port, "/readyz"), 503);
    missing = undefined;
    assert.equal(await statusOf(server.port, "/readyz?verbose"), 200);
    assert.equal(await statusOf(server.port, "/healthz"), 200);
    assert.equal(await statusOf(server.port, "/metrics"), 200);
    for (const path of ["//", "///a", "/%", "http://[/metrics", "*"])
      assert.equal(await statusOf(server.port, path), 404);
    assert.equal(await statusOf(server.port, "/metrics", "POST"), 405);
  } finally {
    await server.close();
  }
});

test("tells of clients only to those who call from the pod itself", async () => {
  const server = await startStatusServer({
    host: "127.0.0.1",
    port: 0,
    render: () => Promise.reject(new Error("nobody asks")),
    xdsClients: (nodePart) => ({ asked: nodePart }),
    notReady: () => undefined,
  });
  const ask = (more: RequestOptions = {}): Promise<number | undefined> =>
    statusOf(server.port, "/debug/xds?node=a", "GET", more);
  try {
    assert.equal(await ask(), 200);
    assert.equal(await ask({ localAddress: "127.0.0.6" }), 403, "a sidecar's address");
    assert.equal(await ask({ headers: { "x-forwarded-proto": "http" } }), 403, "handed on by a proxy");
  } finally {
    await server.close();
  }
});

/** By a plain request: fetch would put the path right. */
async function statusOf(
  port: number,
  path: string,
  method = "GET",
  more: RequestOptions = {},
): Promise<number | undefined> {
  const sent = request({ host: "127.0.0.1", port, path, method, agent: false, timeout: 60_000, ...more });
  sent.end();
  const [response] = (await once(sent, "response", { signal: AbortSignal.timeout(60_000) })) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}
