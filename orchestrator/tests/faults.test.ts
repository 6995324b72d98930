import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { connect, createServer, type AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { freePort } from "../../scripts/free-port-for-tests.ts";
import {
  callGrpc,
  startBed,
  startTestApp,
  type BedOptions,
  type Replies,
  type TestBed,
  type TestNode,
} from "./orchestrator.ts";
import { encodeRequest } from "./stub-node.ts";

const MODEL: TestNode = { name: "m", type: "MODEL" };
const ROUTER: TestNode = { name: "r", type: "ROUTER", children: [{ name: "a" }, { name: "b" }] };
const COMBINER: TestNode = { name: "c", type: "COMBINER", children: [{ name: "a" }, { name: "b" }] };
const PREDICT = "/seldon.protos.Seldon/Predict";
const REQUEST = { data: { ndarray: [[1]] } };

function bedTest(
  name: string,
  graph: TestNode,
  replies: Replies,
  check: (bed: TestBed) => Promise<void>,
  options?: BedOptions,
): void {
  it(name, async () => {
    const bed = await startBed(graph, replies, options);
    try {
      await check(bed);
    } finally {
      await bed.stop();
    }
  });
}

function post(bed: TestBed, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${bed.url}/api/v1.0/predictions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
}

function predictGrpc(bed: TestBed, headers: Record<string, string> = {}, deadline?: Date) {
  return callGrpc(bed.app.grpcPort, PREDICT, encodeRequest("Predict", REQUEST), headers, deadline);
}

async function assertServes(bed: TestBed): Promise<void> {
  const live = await fetch(`${bed.url}/live`);
  assert.equal(live.status, 200);
  await live.arrayBuffer();
}

describe("faults", { concurrency: 8, timeout: 600_000 }, () => {
  it("a node that refuses connections: 503 and UNAVAILABLE, in JSON, and not ready", async () => {
    const port = await freePort();
    const endpoint = { service_host: "127.0.0.1", service_port: port, httpPort: port, grpcPort: port };
    const app = await startTestApp({ name: "m", type: "MODEL", endpoint });
    try {
      const url = `http://127.0.0.1:${app.httpPort}`;
      const response = await fetch(`${url}/api/v1.0/predictions`, { method: "POST", body: "{}" });
      assert.equal(response.status, 503);
      assert.equal(response.headers.get("content-type"), "application/json");
      const { status } = (await response.json()) as { status: { code: number; status: string; info: string } };
      assert.deepEqual([status.code, status.status], [503, "FAILURE"]);
      assert.match(status.info, /ECONNREFUSED/);
      const answer = await callGrpc(app.grpcPort, PREDICT, encodeRequest("Predict", REQUEST));
      assert.equal(answer.code, 14);
      assert.match(answer.details, /ECONNREFUSED/);
      assert.equal((await fetch(`${url}/ready`)).status, 503);
      const health = await callGrpc(app.grpcPort, "/grpc.health.v1.Health/Check", Buffer.alloc(0));
      assert.equal(health.raw.toString("hex"), "0802");
    } finally {
      await app.stop();
    }
  });

  const slow = { annotations: 'seldon.io/rest-timeout="60"\nseldon.io/grpc-timeout="60"\nodd="a=b"\n' };
  bedTest(
    "a node slower than the annotation: 504 and DEADLINE_EXCEEDED",
    MODEL,
    { "m/predict": { hang: true } },
    async (bed) => {
      const response = await post(bed, "{}");
      assert.equal(response.status, 504);
      assert.match(await response.text(), /node m took longer than 60 ms/);
      assert.equal((await predictGrpc(bed)).code, 4);
    },
    slow,
  );

  bedTest("the client's own deadline ends the walk", MODEL, { "m/predict": { hang: true } }, async (bed) => {
    const abandoned = new Promise<string>((resolve) => {
      const stub = bed.stubs.get("m");
      if (stub !== undefined) stub.onAbandoned = resolve;
    });
    const response = await post(bed, "{}", { "x-graphway-timeout-ms": "4000" });
    assert.equal(response.status, 504);
    await response.arrayBuffer();
    assert.equal(await abandoned, "predict");
    const answer = await predictGrpc(bed, {}, new Date(Date.now() + 100));
    assert.equal(answer.code, 4);
  });

  bedTest("a client that goes away stops the calls to nodes", COMBINER, hangBoth(), async (bed) => {
    const gone: Promise<string>[] = ["a", "b"].map(
      (name) =>
        new Promise((resolve) => {
          const stub = bed.stubs.get(name);
          if (stub !== undefined) stub.onAbandoned = resolve;
        }),
    );
    const client = request(`${bed.url}/api/v1.0/predictions`, { method: "POST" });
    client.on("error", () => {
      // It is this test that cuts the connection.
    });
    client.end("{}");
    await until(() => bed.calls.length === 2);
    client.destroy();
    assert.deepEqual(await Promise.all(gone), ["predict", "predict"]);
    await assertServes(bed);
  });

  bedTest(
    "a failing branch stops its siblings",
    COMBINER,
    { "a/predict": { hang: true }, "b/predict": { status: 418, body: { tea: true }, delayMs: 500 } },
    async (bed) => {
      const abandoned = new Promise<string>((resolve) => {
        const stub = bed.stubs.get("a");
        if (stub !== undefined) stub.onAbandoned = resolve;
      });
      const response = await post(bed, "{}");
      assert.equal(response.status, 418);
      assert.deepEqual(await response.json(), { tea: true });
      assert.equal(await abandoned, "predict");
    },
  );

  bedTest(
    "an error page stays as it is; JSON is escaped",
    MODEL,
    {
      "m/predict": [
        { status: 500, text: "<html>&</html>", contentType: "text/html" },
        { body: { strData: "<div>&\u2028" } },
      ],
    },
    async (bed) => {
      const page = await post(bed, "{}");
      assert.equal(page.headers.get("content-type"), "text/html");
      assert.equal(await page.text(), "<html>&</html>");
      const json = await post(bed, "{}");
      assert.equal(await json.text(), '{"strData":"\\u003cdiv\\u003e\\u0026\\u2028"}');
      assert.equal(json.headers.get("x-content-type-options"), "nosniff");
    },
  );

  bedTest("a router that answers no JSON is an error", ROUTER, { "r/route": { text: "sure" } }, async (bed) => {
    const response = await post(bed, "{}");
    assert.equal(response.status, 500);
    assert.match(await response.text(), /the reply of router r is not JSON/);
    await assertServes(bed);
  });

  bedTest(
    "replies that are no JSON are not handed to a combiner",
    COMBINER,
    { "a/predict": { text: "sure" }, "b/predict": { body: {} } },
    async (bed) => {
      const response = await post(bed, "{}");
      assert.equal(response.status, 500);
      assert.match(await response.text(), /Data is not JSON/);
    },
  );

  it("a node that does not speak HTTP is an error", async () => {
    const garbage = createServer((socket) => {
      socket.on("error", () => {
        // The orchestrator hangs up on it.
      });
      socket.end("\x00\x01 what is this\r\n\r\n");
    }).listen(0, "127.0.0.1");
    await once(garbage, "listening");
    const { port } = garbage.address() as AddressInfo;
    const endpoint = { service_host: "127.0.0.1", service_port: port, httpPort: port, grpcPort: port };
    const app = await startTestApp({ name: "m", type: "MODEL", endpoint });
    try {
      const response = await fetch(`http://127.0.0.1:${app.httpPort}/api/v1.0/predictions`, { method: "POST" });
      const text = await response.text();
      assert.equal(response.status, 500, text);
      assert.match(text, /did not answer in HTTP/);
      const answer = await callGrpc(app.grpcPort, PREDICT, encodeRequest("Predict", REQUEST));
      assert.ok(answer.code === 14 || answer.code === 13, `${answer.code} ${answer.details}`);
    } finally {
      await app.stop();
      garbage.close();
    }
  });

  const small = { flags: ["--max_body_bytes", "1000"] };
  bedTest(
    "a body above the limit: 413, declared or not",
    MODEL,
    { "m/predict": { body: {} } },
    async (bed) => {
      assert.equal((await post(bed, "x".repeat(1001))).status, 413);
      const chunked = request(`${bed.url}/api/v1.0/predictions`, { method: "POST" });
      chunked.on("error", () => {
        // The server stops reading.
      });
      chunked.write("x".repeat(600));
      chunked.write("x".repeat(600));
      const [response] = (await once(chunked, "response")) as [{ statusCode: number; resume(): void }];
      assert.equal(response.statusCode, 413);
      response.resume();
      chunked.destroy();
      const big = encodeRequest("Predict", { strData: "x".repeat(1001) });
      assert.equal((await callGrpc(bed.app.grpcPort, PREDICT, big)).code, 8);
      assert.equal(bed.calls.length, 0);
    },
    small,
  );

  bedTest(
    "a reply above the limit is an error",
    MODEL,
    { "m/predict": { body: { strData: "x".repeat(2000) } } },
    async (bed) => {
      assert.equal((await post(bed, "{}")).status, 500);
      assert.equal((await predictGrpc(bed)).code, 13);
    },
    small,
  );

  const narrow = { flags: ["--node_connections=1", "--node_queue=1"] };
  bedTest(
    "more calls than may wait are refused at once",
    MODEL,
    { "m/predict": { body: {}, delayMs: 2_000 } },
    async (bed) => {
      const answers = await Promise.all([1, 2, 3, 4].map(() => post(bed, "{}")));
      assert.deepEqual(answers.map((one) => one.status).sort(), [200, 200, 503, 503]);
    },
    narrow,
  );

  bedTest("malformed JSON is the node's to judge", MODEL, { "m/predict": { status: 400, text: "no" } }, async (bed) => {
    const response = await post(bed, "{{{");
    assert.deepEqual([response.status, await response.text()], [400, "no"]);
    assert.equal(bed.calls[0]?.raw.toString(), "{{{");
  });

  bedTest("garbage on either port ends nothing", ROUTER, { "r/route": { body: {} } }, async (bed) => {
    for (const port of [bed.app.httpPort, bed.app.grpcPort]) {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {
        // The server may reset it.
      });
      socket.write("\x16\x03\x01 nonsense \x00\r\n\r\n");
      socket.resume();
      await once(socket, "close");
    }
    const bad = await callGrpc(bed.app.grpcPort, PREDICT, Buffer.from([0xff, 0xff, 0xff]));
    assert.notEqual(bad.code, 0);
    const unknown = await callGrpc(bed.app.grpcPort, "/seldon.protos.Model/Predict", Buffer.alloc(0));
    assert.equal(unknown.code, 12);
    await assertServes(bed);
  });
});

function hangBoth(): Replies {
  return { "a/predict": { hang: true }, "b/predict": { hang: true } };
}

async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!condition()) {
    assert.ok(performance.now() < endMs, "it never came");
    await new Promise((resolve) => setImmediate(resolve));
  }
}
