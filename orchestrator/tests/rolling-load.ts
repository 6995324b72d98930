import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { encodeRequest } from "./stub-node.ts";

export interface Backend {
  readonly httpPort: number;
  readonly grpcPort: number;
}

const same = (bytes: Buffer): Buffer => bytes;

/** The status, or what was said with another one than 200. */
function send(agent: Agent, port: number, method: string, path: string): Promise<number | string> {
  return new Promise((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port, agent, method, path }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("end", () => {
        resolve(response.statusCode === 200 ? 200 : `${response.statusCode} ${body}`);
      });
    });
    call.on("error", reject);
    call.end(method === "POST" ? '{"data":{"ndarray":[[1]]}}' : undefined);
  });
}

/** Requests over REST as a proxy sends them: kept connections to those backends whose last active check was good. */
export class RestLoad {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #healthy = new Set<number>();
  readonly failures: string[] = [];
  count = 0;
  #isOn = true;
  readonly #loops: Promise<void>[] = [];

  constructor(backends: readonly Backend[], clients: number) {
    for (const { httpPort } of backends) this.#loops.push(this.#probe(httpPort));
    for (let i = 0; i < clients; i += 1) this.#loops.push(this.#send(i));
  }

  async #probe(port: number): Promise<void> {
    const own = new Agent();
    while (this.#isOn) {
      const status = await send(own, port, "GET", "/ready").catch(() => 0);
      if (status === 200) this.#healthy.add(port);
      else this.#healthy.delete(port);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #send(first: number): Promise<void> {
    for (let turn = first; this.#isOn; turn += 1) {
      const ports = [...this.#healthy];
      const port = ports[turn % ports.length];
      if (port === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        continue;
      }
      const outcome = await send(this.#agent, port, "POST", "/api/v1.0/predictions").catch(String);
      if (outcome === 200) this.count += 1;
      else this.failures.push(`${port}: ${outcome}`);
    }
  }

  async stop(): Promise<void> {
    this.#isOn = false;
    await Promise.all(this.#loops);
    this.#agent.destroy();
  }
}

/** Calls of one grpc-js channel that knows both addresses. */
export class GrpcLoad {
  readonly #client: Client;
  readonly failures: string[] = [];
  count = 0;
  #isOn = true;
  readonly #loops: Promise<void>[];

  constructor(backends: readonly Backend[], clients: number) {
    const target = `ipv4:${backends.map(({ grpcPort }) => `127.0.0.1:${grpcPort}`).join(",")}`;
    this.#client = new Client(target, credentials.createInsecure(), {
      "grpc.service_config": '{"loadBalancingConfig":[{"round_robin":{}}]}',
      "grpc.initial_reconnect_backoff_ms": 20,
      "grpc.min_reconnect_backoff_ms": 20,
      "grpc.max_reconnect_backoff_ms": 100,
    });
    this.#loops = Array.from({ length: clients }, () => this.#send());
  }

  async #send(): Promise<void> {
    const message = encodeRequest("Predict", { data: { ndarray: [[1]] } });
    const metadata = new Metadata({ waitForReady: true });
    while (this.#isOn) {
      const deadline = Date.now() + 60_000;
      await new Promise<void>((resolve) => {
        const path = "/seldon.protos.Seldon/Predict";
        this.#client.makeUnaryRequest(path, same, same, message, metadata, { deadline }, (error) => {
          if (error === null) this.count += 1;
          else this.failures.push(`${error.code}: ${error.details}`);
          resolve();
        });
      });
    }
  }

  async stop(): Promise<void> {
    this.#isOn = false;
    await Promise.all(this.#loops);
    this.#client.close();
  }
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 60_000;
  while (!(await condition())) {
    assert.ok(performance.now() < endMs, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
