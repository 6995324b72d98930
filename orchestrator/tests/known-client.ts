import { Agent, request } from "node:http";
import { connect, constants, type ClientHttp2Session } from "node:http2";
import type { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { messagePrefix } from "../src/grpc/message-reader.ts";
import type { Content } from "./known-content.ts";
import { messageOf, type Protocol } from "./known-messages.ts";
import { SEED_HEADER } from "./moody-node.ts";
import { seededRandom } from "./seeded-random.ts";

/** How a client takes its answer: at once, slowly, or it goes away before it has all of it. */
export type Manner = "prompt" | "slow" | "leaves";

const PREFIX_BYTES = 5;
const REST_PATH = { seldon: "/api/v1.0/predictions", v2: "/v2/models/m/infer" } as const;
const GRPC_PATH = {
  seldon: "/seldon.protos.Seldon/Predict",
  v2: "/inference.GRPCInferenceService/ModelInfer",
} as const;

/**
 * A client of one orchestrator, over REST and gRPC, that is not ours. Calls reject where they do not succeed. How slowly one is read
 * and when it is left follows from the content's seed.
 */
export class KnownClient {
  readonly #protocol: Protocol;
  readonly #httpPort: number;
  readonly #grpcPort: number;
  readonly #agent = new Agent({ keepAlive: true });
  #session: ClientHttp2Session | undefined;

  constructor(protocol: Protocol, httpPort: number, grpcPort: number) {
    this.#protocol = protocol;
    this.#httpPort = httpPort;
    this.#grpcPort = grpcPort;
  }

  call(transport: "rest" | "grpc", content: Content, manner: Manner): Promise<Buffer> {
    const message = messageOf(this.#protocol, transport, content, false);
    return transport === "rest" ? this.#post(message, content, manner) : this.#unary(message, content, manner);
  }

  close(): void {
    this.#agent.destroy();
    this.#session?.destroy();
  }

  #post(body: Buffer, { seed }: Content, manner: Manner): Promise<Buffer> {
    const headers = { "content-type": "application/json", "content-length": body.length, [SEED_HEADER]: String(seed) };
    const path = REST_PATH[this.#protocol];
    const call = request({
      host: "127.0.0.1",
      port: this.#httpPort,
      method: "POST",
      path,
      headers,
      agent: this.#agent,
    });
    const random = seededRandom(seed);
    if (manner === "leaves") setTimeout(() => call.destroy(), random() * 60);
    return new Promise((resolve, reject) => {
      call.on("error", reject);
      call.on("response", (response) => {
        readAll(response, manner, random).then((answer) => {
          if (response.statusCode === 200) resolve(answer);
          else reject(new Error(`${response.statusCode} ${answer.toString("latin1", 0, 300)}`));
        }, reject);
      });
      call.end(body);
    });
  }

  #unary(message: Buffer, { seed }: Content, manner: Manner): Promise<Buffer> {
    // Who leaves has a connection of its own: one that resets often is ended, and with it the calls of others.
    const session = manner === "leaves" ? this.#connect() : this.#shared();
    const head = { "content-type": "application/grpc", te: "trailers", [SEED_HEADER]: String(seed) };
    const stream = session.request({ ":method": "POST", ":path": GRPC_PATH[this.#protocol], ...head });
    const random = seededRandom(seed);
    if (manner === "leaves") {
      setTimeout(() => {
        if (seed % 2 === 0) session.destroy();
        else
          stream.close(constants.NGHTTP2_CANCEL, () => {
            session.destroy();
          });
      }, random() * 60);
    }
    return new Promise((resolve, reject) => {
      let status = "none";
      const noteStatus = (fields: Readonly<Record<string, unknown>>): void => {
        const { "grpc-status": code, "grpc-message": text } = fields;
        if (typeof code === "string") status = code === "0" ? code : `${code} ${String(text)}`;
      };
      stream.on("response", noteStatus).on("trailers", noteStatus).on("error", reject);
      stream.end(Buffer.concat([messagePrefix(message.length), message]));
      readAll(stream, manner, random).then((answer) => {
        if (status === "0") resolve(answer.subarray(PREFIX_BYTES));
        else reject(new Error(`status ${status}`));
      }, reject);
    });
  }

  #shared(): ClientHttp2Session {
    if (this.#session === undefined || this.#session.closed || this.#session.destroyed) this.#session = this.#connect();
    return this.#session;
  }

  #connect(): ClientHttp2Session {
    return connect(`http://127.0.0.1:${this.#grpcPort}`).on("error", () => {});
  }
}

async function readAll(body: Readable, manner: Manner, random: () => number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    if (manner === "slow" && random() < 0.1) await wait(random() * 10);
  }
  return Buffer.concat(chunks);
}
