import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { freePort } from "../../scripts/free-port-for-tests.ts";
import { callGrpc, startBed, type TestBed } from "../tests/orchestrator.ts";
import { encodeRequest } from "../tests/stub-node.ts";
import { buildBroker, whyNoBroker, type Broker, type BrokerProgram } from "./kafka/broker.ts";

// Payloads to a Kafka broker that is not ours, read back by a client that is not ours either; both are built with Go.

const GRAPH = { name: "m", type: "MODEL", logger: { mode: "all" } };
const REPLY = { data: { ndarray: [1] } };
const DEADLINE_MS = 60_000;

async function withOrchestrator(
  broker: string,
  env: Readonly<Record<string, string>>,
  test: (bed: TestBed) => Promise<void>,
  flags: readonly string[] = [],
): Promise<void> {
  const replies = { "m/predict": Array.from({ length: 1000 }, () => ({ body: REPLY })) };
  const bed = await startBed(GRAPH, replies, { env, flags: [`--log_kafka_broker=${broker}`, ...flags] });
  try {
    await test(bed);
  } finally {
    await bed.stop();
  }
}

async function post(bed: TestBed, puid: string): Promise<void> {
  const response = await fetch(`${bed.url}/api/v1.0/predictions`, {
    method: "POST",
    headers: { "content-type": "application/json", "seldon-puid": puid },
    body: '{"strData":"x"}',
  });
  assert.deepEqual(await response.json(), REPLY);
}

async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const endMs = Date.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (Date.now() > endMs) throw new Error(`never: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

async function counted(bed: TestBed, outcome: string): Promise<number> {
  const text = await (await fetch(`${bed.url}/metrics`)).text();
  return Number(new RegExp(`sink="kafka",outcome="${outcome}"\\} (\\d+)`).exec(text)?.[1]);
}

function described(broker: Broker): string[] {
  return broker.messages.map(({ headers }) => `${headers["requestid"] ?? ""} ${headers["type"] ?? ""}`).sort();
}

const REQUEST = "io.seldon.serving.inference.request";
const RESPONSE = "io.seldon.serving.inference.response";

describe("payload log to Kafka", { timeout: 300_000, skip: whyNoBroker() }, () => {
  let program: BrokerProgram;
  before(async () => {
    program = await buildBroker();
  });
  after(() => program.remove());

  it("writes payloads as values, and what is said of them as headers, from REST and gRPC", async () => {
    const broker = await program.start(["--topic=payloads"]);
    const sinceMs = Date.now();
    await withOrchestrator(broker.address, { LOGGER_KAFKA_TOPIC: "payloads" }, async (bed) => {
      await post(bed, "p1");
      const message = encodeRequest("Predict", { strData: "x" });
      await callGrpc(bed.app.grpcPort, "/seldon.protos.Seldon/Predict", message, { "seldon-puid": "p2" });
      await until(() => broker.messages.length >= 4, "four messages");
      assert.deepEqual(described(broker), [`p1 ${REQUEST}`, `p1 ${RESPONSE}`, `p2 ${REQUEST}`, `p2 ${RESPONSE}`]);
      const find = (id: string, type: string) =>
        broker.messages.find(({ headers }) => headers["requestid"] === id && headers["type"] === type);
      const rest = find("p1", REQUEST);
      assert.deepEqual(rest?.headers, {
        type: REQUEST,
        "content-type": "application/json",
        modelid: "m",
        requestid: "p1",
        inferenceservicename: "iris",
        namespace: "default",
        endpoint: "main",
        protocol: "seldon",
      });
      assert.equal(rest.value.toString(), '{"strData":"x"}');
      assert.equal(find("p1", RESPONSE)?.value.toString(), JSON.stringify(REPLY));
      const grpc = find("p2", REQUEST);
      assert.deepEqual([grpc?.headers["content-type"], grpc?.value], ["application/protobuf", message]);
      for (const one of broker.messages) {
        assert.ok(!one.hasKey);
        assert.ok(one.timestampMs >= sinceMs && one.timestampMs <= Date.now());
      }
    });
    await broker.stop();
  });

  for (const mechanism of ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]) {
    it(`shows who it is by ${mechanism}, over TLS and without; a wrong password only costs the events`, async () => {
      for (const tls of [false, true]) {
        const broker = await program.start([`--sasl=${mechanism}`, "--user=u", "--pass=secret", `--tls=${tls}`]);
        const env = {
          KAFKA_SECURITY_PROTOCOL: tls ? "sasl_ssl" : "SASL_PLAINTEXT",
          KAFKA_SASL_MECHANISM: mechanism,
          KAFKA_SASL_USERNAME: "u",
          KAFKA_SASL_PASSWORD: "secret",
          KAFKA_SSL_CA_CERT: broker.ca,
        };
        await withOrchestrator(broker.address, env, async (bed) => {
          await post(bed, "p");
          await until(() => broker.messages.length === 2, "two messages");
        });
        await withOrchestrator(broker.address, { ...env, KAFKA_SASL_PASSWORD: "wrong" }, async (bed) => {
          await post(bed, "p");
          await until(async () => (await counted(bed, "failed")) === 2, "both fail");
        });
        assert.equal(broker.messages.length, 2);
        await broker.stop();
      }
    });
  }

  it("trusts no certificate that it was not told to", async () => {
    const broker = await program.start(["--tls"]);
    await withOrchestrator(broker.address, { KAFKA_SECURITY_PROTOCOL: "SSL" }, async (bed) => {
      await post(bed, "p");
      await until(async () => (await counted(bed, "failed")) === 2, "both fail");
    });
    assert.equal(broker.messages.length, 0);
    await broker.stop();
  });

  it("serves on while the broker is away, and writes again when it is back", async () => {
    const port = await freePort();
    const first = await program.start([`--port=${port}`]);
    await withOrchestrator(first.address, {}, async (bed) => {
      await post(bed, "before");
      await until(() => first.messages.length === 2, "two messages");
      await first.stop();
      for (let i = 0; i < 20; i += 1) await post(bed, "away");
      await until(async () => (await counted(bed, "failed")) + (await counted(bed, "too_late")) === 40, "all counted");
      const second = await program.start([`--port=${port}`]);
      await until(async () => {
        await post(bed, "back");
        return second.messages.length > 0;
      }, "a message after the return");
      assert.equal(second.messages[0]?.headers["requestid"], "back");
      await second.stop();
    });
  });

  it("writes what waits before it stops", async () => {
    const broker = await program.start();
    await withOrchestrator(broker.address, {}, async (bed) => {
      for (let i = 0; i < 200; i += 1) await post(bed, String(i));
    });
    await until(() => broker.messages.length === 400, "all messages");
    await broker.stop();
  });
});
