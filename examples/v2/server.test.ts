import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort } from "../../scripts/free-port-for-tests.ts";

async function untilReady(url: string): Promise<void> {
  for (const endMs = Date.now() + 60_000; ;) {
    const isReady = await fetch(`${url}/v2/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    assert.ok(Date.now() < endMs, "the server did not get ready");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

it("the model of the v2 example answers, and says what it can't read", async () => {
  const port = await freePort();
  const env = { ...process.env, PREDICTIVE_UNIT_HTTP_SERVICE_PORT: String(port) };
  const child = spawn(process.execPath, [fileURLToPath(new URL("server.ts", import.meta.url)), "area"], { env });
  const closed = once(child, "close");
  try {
    const url = `http://127.0.0.1:${port}`;
    await untilReady(url);
    const post = (body: string): Promise<Response> => fetch(`${url}/v2/models/area/infer`, { method: "POST", body });
    const input = { name: "x", datatype: "FP64", shape: [2, 2], data: [1, 2, 3, 4] };
    assert.deepEqual(await (await post(JSON.stringify({ id: "7", inputs: [input] }))).json(), {
      model_name: "area",
      id: "7",
      outputs: [{ name: "area", shape: [2], datatype: "FP64", data: [2, 12] }],
    });
    assert.equal((await post("{")).status, 400);
    assert.equal((await fetch(`${url}/v2/models/other/infer`, { method: "POST", body: "{}" })).status, 404);
  } finally {
    child.kill();
    await closed;
  }
});
