import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { startTestApp } from "./orchestrator.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

interface Bed {
  /** Posts a prediction; the answer's head. */
  post(headers?: Readonly<Record<string, string>>): Promise<IncomingMessage>;
  /** Calls that the node got, by path. */
  readonly paths: readonly string[];
}

const SSE = { "content-type": "text/event-stream" };

/** An orchestrator for a graph whose nodes are all one server; `graphOf` places nodes at its port. */
async function withNode(
  graphOf: (endpoint: unknown) => unknown,
  answer: Answer,
  check: (bed: Bed) => Promise<void>,
): Promise<void> {
  const paths: string[] = [];
  const node = createServer((asked, response) => {
    paths.push(asked.url ?? "");
    response.on("error", () => {
      // The orchestrator may hang up.
    });
    asked.resume().on("end", () => {
      answer(asked, response);
    });
  }).listen(0, "127.0.0.1");
  await once(node, "listening");
  const { port } = node.address() as AddressInfo;
  const app = await startTestApp(graphOf({ service_host: "127.0.0.1", service_port: port, httpPort: port }));
  const post = async (headers: Readonly<Record<string, string>> = {}): Promise<IncomingMessage> => {
    const options = { host: "127.0.0.1", port: app.httpPort, path: "/api/v1.0/predictions", method: "POST", headers };
    const call = request({ ...options, agent: false });
    call.on("error", () => {
      // Cut answers are what some tests are about.
    });
    call.end("{}");
    const [response] = (await once(call, "response")) as [IncomingMessage];
    return response;
  };
  try {
    await check({ post, paths });
  } finally {
    await app.stop();
    node.closeAllConnections();
    node.close();
  }
}

const model = (name: string, endpoint: unknown, ...children: readonly unknown[]) => ({
  name,
  type: "MODEL",
  endpoint,
  children,
});
const single = (endpoint: unknown) => model("m", endpoint);

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += String(chunk);
  return text;
}

async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!condition()) {
    assert.ok(performance.now() < endMs, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const GRAPHS: Readonly<Record<string, readonly [(endpoint: unknown) => unknown, string]>> = {
  "a model": [single, "m=-1"],
  "the end of a chain": [(at) => model("a", at, model("b", at)), "a=-1;b=-1"],
  "the branch of a router": [
    (endpoint) => ({ name: "r", type: "ROUTER", endpoint, children: [model("a", endpoint), model("b", endpoint)] }),
    "r=1;b=-1",
  ],
};

describe("an answer that streams", { concurrency: 8, timeout: 600_000 }, () => {
  for (const [what, [graphOf, routing]] of Object.entries(GRAPHS)) {
    it(`passes from ${what}, event by event`, async () => {
      let asked = 0;
      let sendMore = (): void => {};
      const answer: Answer = (call, response) => {
        asked += 1;
        if (call.url === "/route") response.end('{"data":{"ndarray":[[1]]}}');
        else if (what.includes("chain") && asked === 1) response.end("{}");
        else {
          response.writeHead(200, SSE);
          response.write("data: <1>\n\n");
          sendMore = () => response.end("data: 2\n\n");
        }
      };
      await withNode(graphOf, answer, async (bed) => {
        const response = await bed.post();
        assert.equal(response.headers["content-type"], "text/event-stream");
        assert.equal(response.headers["x-graphway-routing"], routing);
        const [first] = (await once(response, "data")) as [Buffer];
        assert.equal(first.toString(), "data: <1>\n\n");
        // The node says the rest only now that the beginning has arrived.
        sendMore();
        assert.equal(await textOf(response), "data: 2\n\n");
      });
    });
  }

  it("has its head before any of its body", async () => {
    let finish = (): void => {};
    const answer: Answer = (_, response) => {
      response.writeHead(200, SSE).flushHeaders();
      finish = () => response.end();
    };
    await withNode(single, answer, async (bed) => {
      const response = await bed.post();
      assert.equal(response.statusCode, 200);
      finish();
      assert.equal(await textOf(response), "");
    });
  });

  it("is escaped where it is JSON, characters cut in two included", async () => {
    const parts = ['{"a":"<', "\xe2", "\x80", "\xa8", "\xe2\x80", '\xa9\xe2\x82\xac"}'];
    const answer: Answer = (_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const next = (i: number): void => {
        const part = parts[i];
        if (part === undefined) response.end("\xe2", "latin1");
        else response.write(Buffer.from(part, "latin1"), () => setTimeout(next, 40, i + 1));
      };
      next(0);
    };
    await withNode(single, answer, async (bed) => {
      const response = await bed.post();
      assert.equal(response.headers["content-length"], undefined);
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      assert.equal(Buffer.concat(chunks).toString("latin1"), '{"a":"\\u003c\\u2028\\u2029\xe2\x82\xac"}\xe2');
    });
  });

  it("is no stream where it is short, of known length, an error, or where a later step needs it", async () => {
    const cases: readonly [Answer, number][] = [
      [(_, response) => response.write("{}", () => response.end()), 200],
      [(_, response) => response.writeHead(200, { "content-length": 2 }).end("{}"), 200],
      [(_, response) => response.writeHead(503, SSE).end("data: 1\n\n"), 503],
    ];
    for (const [answer, status] of cases) {
      await withNode(single, answer, async (bed) => {
        const response = await bed.post();
        assert.equal(response.statusCode, status);
        assert.ok(Number(response.headers["content-length"]) > 0);
        response.resume();
      });
    }
    const above = (endpoint: unknown) => ({
      name: "t",
      type: "OUTPUT_TRANSFORMER",
      endpoint,
      children: [model("m", endpoint)],
    });
    const answer: Answer = (call, response) => {
      if (call.url === "/predict") response.writeHead(200, SSE).end("data: 1\n\n");
      else response.end("{}");
    };
    await withNode(above, answer, async (bed) => {
      assert.equal(await textOf(await bed.post()), "{}");
      assert.deepEqual(bed.paths, ["/predict", "/transform-output"]);
    });
  });

  it("is whole, escaped and of known length where the node says its length, however large", async () => {
    const body = Buffer.from(`{"a":"${"<\u2028>&\u20ac".repeat(50_000)}"}`);
    const expected = `{"a":"${"\\u003c\\u2028\\u003e\\u0026\u20ac".repeat(50_000)}"}`;
    const answer: Answer = (_, response) =>
      response.writeHead(200, { "content-type": "application/json", "content-length": body.length }).end(body);
    await withNode(single, answer, async (bed) => {
      const response = await bed.post();
      assert.equal(Number(response.headers["content-length"]), Buffer.byteLength(expected));
      assert.ok((await textOf(response)) === expected);
    });
  });

  it("comes no faster than the client reads", async () => {
    const piece = Buffer.alloc(64 * 1024, "x");
    const total = 64 * 1024 * 1024;
    let sent = 0;
    const answer: Answer = (_, response) => {
      response.writeHead(200, SSE);
      const more = (): void => {
        while (sent < total) {
          sent += piece.length;
          if (response.write(piece)) continue;
          response.once("drain", more);
          return;
        }
        response.end();
      };
      more();
    };
    await withNode(single, answer, async (bed) => {
      const response = await bed.post();
      response.pause();
      let before = -1;
      let same = 0;
      await until(() => {
        same = sent === before ? same + 1 : 0;
        before = sent;
        return same > 20;
      });
      assert.ok(sent < total / 2, `${sent} bytes were taken from the node`);
      let read = 0;
      for await (const chunk of response) read += (chunk as Buffer).length;
      assert.equal(read, total);
    });
  });

  it("stops at the node when the client leaves", async () => {
    let isGone = false;
    const answer: Answer = (_, response) => {
      response.on("close", () => (isGone = true));
      response.writeHead(200, SSE).write("data: 1\n\n");
    };
    await withNode(single, answer, async (bed) => {
      const response = await bed.post();
      response.on("error", () => {
        // It is this test that leaves.
      });
      response.destroy();
      await until(() => isGone);
    });
  });

  it("is cut where the node dies or the deadline passes", async () => {
    const rows: readonly [Answer, Record<string, string>][] = [
      [(_, response) => response.writeHead(200, SSE).write("data: 1\n\n", () => response.destroy()), {}],
      [(_, response) => response.writeHead(200, SSE).write("data: 1\n\n"), { "x-graphway-timeout-ms": "200" }],
    ];
    for (const [answer, headers] of rows) {
      await withNode(single, answer, async (bed) => {
        const response = await bed.post(headers);
        assert.equal(response.statusCode, 200);
        await assert.rejects(textOf(response), { code: "ECONNRESET" });
      });
    }
  });
});
