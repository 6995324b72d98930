import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { payloadOf } from "../../execute/body-chunks.ts";
import { grpcPayload, type GrpcPayload, type RestPayload } from "../../execute/payload.ts";
import { bodyOf } from "./event-body.ts";
import { EventQueue } from "./event-queue.ts";
import { HttpSink, type HttpSinkSettings } from "./http-sink.ts";
import type { EventOrigin } from "./log-event.ts";
import type { Delivery } from "./sink.ts";
import { startCollector, type CollectorOptions } from "../../../tests/event-collector.ts";
import { eventOf, gzipped, json, modelGraph, originOf } from "./tests/made.ts";

const SETTINGS: HttpSinkSettings = {
  defaultUrl: undefined,
  source: () => "http://pod-1:8000/",
  postTimeoutMs: 60_000,
  connections: 2,
};
const TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

async function deliver(sink: HttpSink, origin: EventOrigin, payload: RestPayload | GrpcPayload): Promise<Delivery> {
  const memory = new EventQueue({ maxEvents: 1, maxBytes: 1 << 24, maxWaitMs: 1 }, () => {});
  const event = eventOf(origin, payload);
  return sink.deliver([{ event, body: await bodyOf(event, memory) }]);
}

async function withCollector(
  options: CollectorOptions,
  test: (collector: Awaited<ReturnType<typeof startCollector>>, sink: HttpSink) => Promise<void>,
  settings: Partial<HttpSinkSettings> = {},
): Promise<void> {
  const collector = await startCollector(options);
  const sink = new HttpSink({ ...SETTINGS, defaultUrl: collector.url, ...settings });
  try {
    await test(collector, sink);
  } finally {
    await sink.close();
    await collector.stop();
  }
}

describe("HttpSink", { timeout: 600_000 }, () => {
  it("posts a CloudEvent in binary mode with Seldon's names", async () => {
    await withCollector({}, async (collector, sink) => {
      const payload = json('{"data":{"ndarray":[1]}}');
      const origin = originOf(modelGraph(`${collector.url}/in?x=1`), "puid-1", TRACE);
      assert.deepEqual(await deliver(sink, origin, payload), { outcome: "sent" });
      const [posted] = collector.posted;
      assert.ok(posted !== undefined);
      assert.equal(posted.url, "/in?x=1");
      assert.deepEqual(posted.body, payload.body);
      const {
        "ce-id": id,
        "ce-time": time,
        host,
        connection,
        "content-length": length,
        ...rest
      } = posted.headers as Record<string, string>;
      assert.match(id ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.match(time ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.ok(Math.abs(Date.parse(time ?? "") - Date.now()) < 60_000);
      assert.deepEqual([`http://${host ?? ""}`, connection, length], [collector.url, "keep-alive", "24"]);
      assert.deepEqual(rest, {
        "ce-specversion": "1.0",
        "ce-type": "io.seldon.serving.inference.request",
        "ce-source": "http://pod-1:8000/",
        "ce-modelid": "m",
        "ce-requestid": "puid-1",
        "ce-inferenceservicename": "iris",
        "ce-namespace": "default",
        "ce-endpoint": "main",
        "ce-protocol": "seldon",
        "content-type": "application/json",
        traceparent: TRACE,
      });
      assert.ok(posted.rawHeaders.includes("Ce-Inferenceservicename"));
    });
  });

  it("says application/protobuf of gRPC, inflates gzip, and names no type where nobody did", async () => {
    await withCollector({}, async (collector, sink) => {
      const origin = originOf(modelGraph());
      await deliver(sink, origin, grpcPayload(Buffer.from([1, 2, 3])));
      await deliver(sink, origin, gzipped("plain"));
      await deliver(sink, origin, { ...json(""), contentType: "" });
      await deliver(sink, origin, { ...json("{}xx"), jsonLength: "2", contentEncoding: "br" });
      const [grpc, inflated, bare, binary] = collector.posted;
      assert.deepEqual([grpc?.headers["content-type"], grpc?.body], ["application/protobuf", Buffer.from([1, 2, 3])]);
      assert.deepEqual([inflated?.body.toString(), inflated?.headers["content-encoding"]], ["plain", undefined]);
      assert.deepEqual([bare?.headers["content-type"], bare?.body.length], [undefined, 0]);
      assert.equal(bare?.headers["traceparent"], undefined);
      assert.equal(binary?.headers["inference-header-content-length"], "2");
      assert.equal(binary.headers["content-encoding"], "br");
    });
  });

  it("encodes what a header can't hold, and keeps its connections", async () => {
    await withCollector({}, async (collector, sink) => {
      for (const puid of ['a "b" 100%', "käse", "plain~!#'"])
        await deliver(sink, originOf(modelGraph(), puid), json("{}"));
      const sent = collector.posted.map((one) => one.headers["ce-requestid"]);
      assert.deepEqual(sent, ["a%20%22b%22%20100%25", "k%C3%A4se", "plain~!#'"]);
      for (let i = 0; i < 20; i += 1) await deliver(sink, originOf(modelGraph()), json("{}"));
      assert.equal(collector.posted.length, 23);
      assert.ok(collector.connections() <= SETTINGS.connections);
    });
  });

  it("posts a body that came in pieces, and one that is compressed in pieces", async () => {
    await withCollector({}, async (collector, sink) => {
      const [fields, zipped] = [json(""), gzipped("inflated").body];
      const pieces = payloadOf(
        fields,
        ["ab", "cd", "ef"].map((text) => Buffer.from(text)),
      );
      const compressed = payloadOf(gzipped(""), [zipped.subarray(0, 9), zipped.subarray(9)]);
      for (const payload of [pieces, compressed]) {
        assert.deepEqual(await deliver(sink, originOf(modelGraph()), payload), { outcome: "sent" });
      }
      const [whole, inflated] = collector.posted;
      assert.deepEqual([whole?.body.toString(), whole?.headers["content-length"]], ["abcdef", "6"]);
      assert.equal(inflated?.body.toString(), "inflated");
    });
  });

  it("prefers the node's own URL, shows its user, and fails a node without any URL", async () => {
    await withCollector({}, async (collector, sink) => {
      const own = collector.url.replace("http://", "http://us%40er:pa%3Ass@");
      await deliver(sink, originOf(modelGraph(own)), json("{}"));
      const expected = `Basic ${Buffer.from("us@er:pa:ss").toString("base64")}`;
      assert.equal(collector.posted[0]?.headers["authorization"], expected);
    });
    const sink = new HttpSink(SETTINGS);
    const delivery = await deliver(sink, originOf(modelGraph()), json("{}"));
    assert.equal(delivery.outcome, "no_endpoint");
    await sink.close();
  });

  it("counts anything but 2xx as rejected, redirects too", async () => {
    for (const status of [301, 400, 404, 429, 500, 503]) {
      await withCollector({ status }, async (collector, sink) => {
        const delivery = await deliver(sink, originOf(modelGraph()), json("{}"));
        assert.deepEqual(delivery, { outcome: "rejected", reason: `${collector.url} answered ${status}` });
      });
    }
  });

  it("fails in bounded time when the collector is down, silent, resets or talks nonsense", async () => {
    const collector = await startCollector();
    await collector.stop();
    const sink = new HttpSink({ ...SETTINGS, defaultUrl: collector.url });
    const down = await deliver(sink, originOf(modelGraph()), json("{}"));
    assert.equal(down.outcome, "failed");
    assert.match("reason" in down ? down.reason : "", /ECONNREFUSED/);
    await sink.close();
    const silent = async (held: Parameters<Parameters<typeof withCollector>[1]>[0], one: HttpSink) => {
      const late = await deliver(one, originOf(modelGraph()), json("{}"));
      assert.deepEqual(late, { outcome: "failed", reason: `${held.url} did not answer within 50 ms` });
    };
    await withCollector({ holds: true }, silent, { postTimeoutMs: 50 });
    for (const answer of ["", "not http\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"]) {
      const server = createServer((socket) => {
        socket.on("error", () => {});
        socket.once("data", () => socket.end(answer));
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const defaultUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const broken = new HttpSink({ ...SETTINGS, defaultUrl });
      assert.equal((await deliver(broken, originOf(modelGraph()), json("{}"))).outcome, "failed", answer);
      await broken.close();
      server.close();
    }
  });

  it("ends what is under way when it is closed", async () => {
    const collector = await startCollector({ holds: true });
    const sink = new HttpSink({ ...SETTINGS, defaultUrl: collector.url });
    const delivery = deliver(sink, originOf(modelGraph()), json("{}"));
    while (collector.posted.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await sink.close();
    assert.equal((await delivery).outcome, "failed");
    await collector.stop();
  });
});
