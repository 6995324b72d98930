import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { describe, it } from "node:test";
import { CallError } from "../../execute/call-error.ts";
import { Scope } from "../../execute/scope.ts";
import { HttpTransport } from "./http-transport.ts";

const OK = "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=600\r\nContent-Length: 2\r\n\r\nok";

interface Node {
  readonly http: HttpTransport;
  /** Every connection that was made. */
  readonly sockets: readonly Socket[];
  readonly call: (body?: string, scope?: Scope, mayRepeat?: boolean) => Promise<string>;
}

/** A node that does with each request what `answer` says; requests come whole in these tests. */
async function withNode(
  answer: (socket: Socket, request: string) => void,
  check: (node: Node) => Promise<void>,
  connections = 8,
): Promise<void> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {
      // Some tests cut connections.
    });
    socket.on("data", (request) => {
      answer(socket, request.toString("latin1"));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const limits = { connections, queue: 100, connectTimeoutMs: 60_000, maxReplyBytes: 1000 };
  const http = new HttpTransport("127.0.0.1", port, limits);
  const call = async (body = "{}", scope = new Scope(Infinity), mayRepeat = true): Promise<string> => {
    const request = { method: "POST", path: "/predict", headers: ["a", "b"], mayRepeat } as const;
    const reply = await http.call({ ...request, chunks: [Buffer.from(body)] }, scope);
    return Buffer.concat(reply.chunks).toString();
  };
  try {
    await check({ http, sockets, call });
  } finally {
    http.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

const isFault = (fault: string) => (error: unknown) => error instanceof CallError && error.fault === fault;
const answerOk = (socket: Socket): boolean => socket.write(OK);

describe("calls to a node over HTTP", { concurrency: 8, timeout: 600_000 }, () => {
  it("use a connection again, one call at a time, and wait for one where there are no more", async () => {
    await withNode(
      answerOk,
      async ({ call, sockets, http }) => {
        const calls = Array.from({ length: 10 }, () => call());
        assert.deepEqual(http.load, { inUse: 2, waiting: 8 });
        assert.deepEqual(new Set(await Promise.all(calls)), new Set(["ok"]));
        assert.equal(sockets.length, 2);
        assert.deepEqual(http.load, { inUse: 0, waiting: 0 });
      },
      2,
    );
  });

  it("send head, body and length as they are", async () => {
    const requests: string[] = [];
    const answer = (socket: Socket, request: string): void => {
      requests.push(request);
      answerOk(socket);
    };
    await withNode(answer, async ({ call, http }) => {
      await call("\u00e9");
      assert.match(
        requests[0] ?? "",
        /^POST \/predict HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n.*a: b\r\ncontent-length: 2\r\n\r\n\xc3\xa9$/s,
      );
      const scope = new Scope(Infinity);
      const base = { method: "POST", path: "/predict", chunks: [], mayRepeat: true } as const;
      await assert.rejects(http.call({ ...base, headers: ["a", "b\r\nc: d"] }, scope), isFault("bad-request"));
      await assert.rejects(http.call({ ...base, path: "/a b", headers: [] }, scope), isFault("bad-request"));
    });
  });

  it("take a fresh connection after one that was closed, or said too much", async () => {
    const replies = [
      OK.replace("\r\n", "\r\nConnection: close\r\n"),
      `${OK}HTTP/1.1 200 OK\r\n`,
      "HTTP/1.1 200 OK\r\n\r\nok",
      OK,
    ];
    let turn = 0;
    const answer = (socket: Socket): void => {
      const reply = replies[turn] ?? OK;
      turn += 1;
      if (reply.includes("Content-Length")) socket.write(reply);
      else socket.end(reply);
    };
    await withNode(answer, async ({ call, sockets }) => {
      for (const reply of replies) assert.equal(await call(), "ok", reply);
      assert.equal(sockets.length, 4);
      // What a node says unasked is nobody's answer.
      const last = sockets[3];
      last?.write(OK);
      if (last !== undefined) await once(last, "close");
      assert.equal(await call(), "ok");
      assert.equal(sockets.length, 5);
    });
  });

  it("fail where the node hangs up or says too much, and go on after it", async () => {
    const broken = [
      "",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok",
      "nonsense\r\n\r\n",
      `${OK.replace("2", "2000")}${"x".repeat(1998)}`,
    ];
    const faults = ["unreachable", "unreachable", "bad-reply", "bad-reply"];
    let turn = 0;
    const answer = (socket: Socket): void => {
      const reply = broken[turn];
      turn += 1;
      if (reply === undefined) answerOk(socket);
      else socket.end(reply);
    };
    await withNode(answer, async ({ call }) => {
      for (const fault of faults) await assert.rejects(call(), isFault(fault));
      assert.equal(await call(), "ok");
    });
  });

  it("are sent once more where the node was closing its idle connections", async () => {
    const asked: string[] = [];
    // Nothing comes on the first two connections after their first reply.
    const answer = (socket: Socket, request: string): void => {
      asked.push(request);
      if (asked.length === 3) socket.destroy();
      else answerOk(socket);
    };
    await withNode(answer, async ({ call, sockets }) => {
      await Promise.all([call(), call()]);
      assert.equal(await call(), "ok");
      assert.equal(sockets.length, 3, "on a connection of its own");
      assert.equal(asked.length, 4);
      assert.equal(asked[3], asked[2]);
    });
  });

  it("are sent once more as soon as there may be another connection", async () => {
    let asked = 0;
    const answer = (socket: Socket): void => {
      asked += 1;
      if (asked === 2) socket.destroy();
      else answerOk(socket);
    };
    await withNode(
      answer,
      async ({ call, sockets }) => {
        assert.deepEqual(await Promise.all([call(), call(), call()]), ["ok", "ok", "ok"]);
        assert.equal(sockets.length, 3, "the third call has used the second connection");
      },
      1,
    );
  });

  it("are sent once more on a connection that nobody has used, out of the line too", async () => {
    const used = new Set<Socket>();
    const answer = (socket: Socket): void => {
      if (used.has(socket)) socket.destroy();
      else {
        used.add(socket);
        answerOk(socket);
      }
    };
    await withNode(
      answer,
      async ({ call }) => {
        const answers = await Promise.all(Array.from({ length: 40 }, () => call()));
        assert.deepEqual(new Set(answers), new Set(["ok"]));
      },
      4,
    );
  });

  it("are not sent twice where they must not be, nor a third time, nor after a word of the reply", async () => {
    const cases = [
      { name: "must not be repeated", mayRepeat: false, said: "", asks: 2 },
      { name: "the next connection ends as well", mayRepeat: true, said: "", asks: 3 },
      { name: "the reply had begun", mayRepeat: true, said: "H", asks: 2 },
    ];
    for (const { name, mayRepeat, said, asks } of cases) {
      let asked = 0;
      const answer = (socket: Socket): void => {
        asked += 1;
        if (asked === 1) answerOk(socket);
        else socket.end(said);
      };
      await withNode(answer, async ({ call }) => {
        await call();
        await assert.rejects(call("{}", new Scope(Infinity), mayRepeat), isFault("unreachable"), name);
        assert.equal(asked, asks, name);
      });
    }
  });

  it("are stopped by their scope, on the wire and in the queue", async () => {
    await withNode(
      () => {
        // Never answers.
      },
      async ({ call, sockets, http }) => {
        const scopes = [new Scope(Infinity), new Scope(Infinity)];
        const calls = scopes.map((scope) => call("{}", scope));
        const settled = Promise.allSettled(calls);
        while (sockets.length === 0) await new Promise((resolve) => setImmediate(resolve));
        for (const scope of scopes.reverse()) scope.cancel(new CallError("cancelled", "gone"));
        for (const one of await settled) assert.ok(one.status === "rejected" && isFault("cancelled")(one.reason));
        const [socket] = sockets;
        if (socket !== undefined && !socket.destroyed) await once(socket, "close");
        assert.deepEqual(http.load, { inUse: 0, waiting: 0 });
      },
      1,
    );
  });
});
