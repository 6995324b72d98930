import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer, type IncomingHttpHeaders, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Metadata, Server, ServerCredentials, type ServerUnaryCall, status } from "@grpc/grpc-js";
import { seldon } from "#proto/gen/seldon.js";
import { messageToJson } from "#proto/json/seldon-message.ts";

const { SeldonMessage } = seldon.protos;
type Message = seldon.protos.SeldonMessage;

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function predict(words: readonly string[], input = ""): Promise<Ended> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("main.ts", import.meta.url)), "predict", ...words]);
  child.stdin.end(input);
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, out, err };
}

describe("graphway predict over REST", () => {
  let server: HttpServer;
  let url: string;
  let seen: { path: string; headers: IncomingHttpHeaders; body: string };
  before(async () => {
    server = createServer((request, response) => {
      void text(request).then((body) => {
        seen = { path: request.url ?? "", headers: request.headers, body };
        const isKnown = request.url === (request.headers["x-knows"] ?? request.url);
        const code = isKnown ? Number(request.headers["x-answer-with"] ?? 200) : 404;
        response.writeHead(code, { "content-type": "application/json", "x-graphway-predictor": "main" });
        response.end('{"data": {"ndarray": [[1.0]]}}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  it("sends rows as ndarray to the deployment's path, and prints the answer and our headers", async () => {
    const { code, out, err } = await predict(["default/iris", "[[5.1,3.5]]", "--url", url, "--header", "x-a: b"]);
    assert.equal(code, 0);
    assert.equal(seen.path, "/seldon/default/iris/api/v1.0/predictions");
    assert.equal(seen.body, '{"data":{"ndarray":[[5.1,3.5]]}}');
    assert.equal(seen.headers["x-a"], "b");
    assert.equal(seen.headers["content-type"], "application/json");
    assert.equal(out, '{"data":{"ndarray":[[1]]}}\n');
    assert.equal(err, "x-graphway-predictor: main\n");
  });

  it("sends a whole message as it was typed, from standard input too; the namespace is default unless said", async () => {
    const message = '{ "data": {"ndarray": [[1.00]]} }';
    const { code, out } = await predict(["iris", "-", "--url", url, "--raw"], message);
    assert.equal(code, 0);
    assert.equal(seen.path, "/seldon/default/iris/api/v1.0/predictions");
    assert.equal(seen.body, message);
    assert.equal(out, '{"data": {"ndarray": [[1.0]]}}');
  });

  it("sends rows in the protocol that the deployment knows, and whole messages in their own", async () => {
    const knows = (path: string): readonly string[] => ["--url", url, "--header", `x-knows: ${path}`];
    const v2 = "/seldon/default/iris/v2/models/infer";
    assert.equal((await predict(["iris", "[[5.1,3.5]]", ...knows(v2)])).code, 0);
    assert.deepEqual(JSON.parse(seen.body), {
      inputs: [{ name: "input-0", datatype: "FP64", shape: [1, 2], data: [5.1, 3.5] }],
    });
    const tensorflow = "/seldon/default/iris/v1/models/:predict";
    assert.equal((await predict(["iris", "[[5.1,3.5]]", ...knows(tensorflow)])).code, 0);
    assert.deepEqual(JSON.parse(seen.body), { instances: [[5.1, 3.5]] });
    for (const [message, path] of [
      ['{"inputs": []}', v2],
      ['{"inputs": {"x": 1}}', tensorflow],
      ['{"instances": [1]}', tensorflow],
    ] as const) {
      assert.equal((await predict(["iris", message, "--url", url])).code, 0);
      assert.deepEqual([seen.path, seen.body], [path, message]);
    }
    assert.equal((await predict(["iris", "[true]", "--url", url, "--protocol", "kfserving"])).code, 0);
    assert.deepEqual(JSON.parse(seen.body), {
      inputs: [{ name: "input-0", datatype: "BOOL", shape: [1], data: [true] }],
    });
    const nobody = await predict(["iris", "[[1]]", ...knows("none")]);
    assert.equal(nobody.code, 1);
    assert.match(nobody.err, /graphway: HTTP 404; it seems to speak another protocol than seldon, v2, tensorflow\n$/);
    const ragged = await predict(["iris", "[[1],[2,3]]", ...knows(v2)]);
    assert.equal(ragged.code, 2);
    assert.match(ragged.err, /rows are of different lengths/);
  });

  it("ends with 1 for an error answer, and tells all as JSON when asked", async () => {
    const words = ["a/b", '"hello"', "--url", url, "--header", "x-answer-with:503", "--output", "json"];
    const { code, out, err } = await predict(words);
    assert.equal(code, 1);
    assert.equal(err, "graphway: HTTP 503\n");
    const answer = JSON.parse(out) as { status: string; headers: Record<string, string>; body: unknown };
    assert.equal(answer.status, "HTTP 503");
    assert.equal(answer.headers["x-graphway-predictor"], "main");
    assert.deepEqual(answer.body, { data: { ndarray: [[1]] } });
    assert.equal(seen.body, '{"strData":"hello"}');
  });
});

describe("graphway predict over gRPC", () => {
  const server = new Server();
  let url: string;
  let seen: { message: Message; metadata: Metadata };
  before(async () => {
    const predictCall = {
      path: "/seldon.protos.Seldon/Predict",
      requestStream: false,
      responseStream: false,
      requestSerialize: (message: Message) => Buffer.from(SeldonMessage.encode(message).finish()),
      requestDeserialize: (bytes: Buffer) => SeldonMessage.decode(bytes),
      responseSerialize: (message: Message) => Buffer.from(SeldonMessage.encode(message).finish()),
      responseDeserialize: (bytes: Buffer) => SeldonMessage.decode(bytes),
    } as const;
    server.addService(
      { predict: predictCall },
      {
        predict: (
          call: ServerUnaryCall<Message, Message>,
          callback: (error: object | null, answer?: Message) => void,
        ) => {
          seen = { message: call.request, metadata: call.metadata };
          const headers = new Metadata();
          headers.set("x-graphway-predictor", "canary");
          call.sendMetadata(headers);
          if (call.request.strData === "away") callback({ code: status.UNAVAILABLE, details: "node a: ECONNREFUSED" });
          else if (call.request.strData === "fail")
            callback({ code: status.INVALID_ARGUMENT, details: "no such data" });
          else callback(null, call.request);
        },
      },
    );
    const port = await promisify(server.bindAsync.bind(server))("127.0.0.1:0", ServerCredentials.createInsecure());
    url = `http://127.0.0.1:${port}`;
  });
  after(() => {
    server.forceShutdown();
  });

  it("names the deployment in metadata, and prints the answer and our headers", async () => {
    const words = ["ns/iris", "[[1,2]]", "--grpc", "--url", url, "--header", "x-a:b"];
    const { code, out, err } = await predict(words);
    assert.equal(code, 0, err);
    assert.deepEqual(
      ["seldon", "namespace", "x-a"].map((key) => seen.metadata.get(key)[0]),
      ["iris", "ns", "b"],
    );
    assert.deepEqual(messageToJson(seen.message), { data: { ndarray: [[1, 2]] } });
    assert.deepEqual(JSON.parse(out), { data: { ndarray: [[1, 2]] } });
    assert.equal(err, "x-graphway-predictor: canary\n");
  });

  it("ends with 1 and the gRPC status for an error", async () => {
    const { code, out, err } = await predict(["ns/iris", '"fail"', "--grpc", "--url", url]);
    assert.equal(code, 1);
    assert.equal(out, "");
    assert.match(err, /x-graphway-predictor: canary\ngraphway: INVALID_ARGUMENT: no such data\n$/);
  });

  it("tells a node that is away from a gateway that is", async () => {
    const { code, err } = await predict(["ns/iris", '"away"', "--grpc", "--url", url]);
    assert.equal(code, 1);
    assert.match(err, /graphway: UNAVAILABLE: node a: ECONNREFUSED\n$/);
  });

  it("refuses what is no SeldonMessage", async () => {
    const { code, err } = await predict(["ns/iris", '{"rows":[1]}', "--grpc", "--url", url]);
    assert.equal(code, 2);
    assert.match(err, /SeldonMessage has no field "rows"/);
  });
});

describe("graphway predict without a server or with wrong words", () => {
  async function findClosedPort(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await promisify(server.close.bind(server))();
    return port;
  }

  for (const transport of [[], ["--grpc"]]) {
    it(`says what to start (${transport[0] ?? "REST"})`, async () => {
      const port = await findClosedPort();
      const { code, err } = await predict(["iris", "[[1]]", "--url", `http://127.0.0.1:${port}`, ...transport]);
      assert.equal(code, 1);
      assert.match(err, new RegExp(`nothing listens at http://127.0.0.1:${port}; start it with \`npm start\``));
    });
  }

  const mistakes: readonly (readonly [words: readonly string[], message: RegExp])[] = [
    [[], /give the deployment's name and the data/],
    [["iris"], /give the deployment's name/],
    [["a/b/c", "[]"], /is not \[namespace\/\]name/],
    [["iris", "[1"], /the data:1:3: this is not JSON: it ends too early/],
    [["iris", "[[5.1,abc]]"], /the data:1:7: this is not JSON: "abc" does not belong there/],
    [["iris", "3"], /must be an array of rows/],
    [["iris", "@missing.json"], /cannot read missing.json/],
    [["iris", "[]", "--url", "localhost:8003"], /is not a URL/],
    [["iris", "[]", "--header", "x"], /is not name:value/],
    [["iris", "[]", "--timeout", "soon"], /not a number of seconds/],
    [["iris", "[]", "--output", "xml"], /neither pretty nor json/],
    [["iris", "[]", "--protocol", "v3"], /neither seldon, v2 nor tensorflow/],
    [["iris", "[]", "--nope"], /--nope/],
  ];
  for (const [words, message] of mistakes) {
    it(`ends with 2: graphway predict ${words.join(" ")}`, async () => {
      const { code, err } = await predict(words);
      assert.equal(code, 2);
      assert.match(err, message);
      assert.match(err, /^graphway predict: .*\nsee graphway predict --help\n$/);
    });
  }
});
