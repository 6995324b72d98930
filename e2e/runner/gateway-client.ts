import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { Pool } from "undici";

/** What came back: HTTP status or gRPC code, headers or leading metadata, and the body. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RestCall {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs?: number;
}

export interface GrpcCall {
  /** `/package.Service/Method`. */
  readonly method: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly message: Uint8Array;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 30_000;

/** Somebody outside the cluster, who calls models through the ingress. */
export class GatewayClient {
  readonly #pool: Pool;
  readonly #grpc: Client;
  readonly #host: string | undefined;

  /** `address`: `host:port` of the ingress; `host`: what to say in Host, where it is not the address. */
  constructor(address: string, host?: string) {
    this.#pool = new Pool(`http://${address}`, { connections: 16, connect: { timeout: 30_000 } });
    this.#grpc = new Client(
      address,
      credentials.createInsecure(),
      host === undefined ? {} : { "grpc.default_authority": host },
    );
    this.#host = host;
  }

  async rest({ path, method = "POST", headers = {}, body, timeoutMs = TIMEOUT_MS }: RestCall): Promise<Reply> {
    const response = await this.#pool.request({
      method,
      path,
      headers: {
        ...(this.#host === undefined ? {} : { host: this.#host }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: body ?? null,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const plain = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
    return { status: response.statusCode, headers: plain, body: await response.body.text() };
  }

  /** The reply's message is its bytes; for a failure `body` is what the server said. */
  grpc({ method, metadata, message, timeoutMs = TIMEOUT_MS }: GrpcCall): Promise<Reply & { readonly message: Buffer }> {
    const sent = new Metadata();
    for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
    return new Promise((resolve) => {
      let headers: Readonly<Record<string, string>> = {};
      const same = (bytes: Buffer): Buffer => bytes;
      this.#grpc
        .makeUnaryRequest(
          method,
          same,
          same,
          Buffer.from(message),
          sent,
          { deadline: Date.now() + timeoutMs },
          (error: ServiceError | null, reply?: Buffer) => {
            resolve({
              status: error?.code ?? 0,
              headers,
              body: error?.details ?? "",
              message: reply ?? Buffer.alloc(0),
            });
          },
        )
        .on("metadata", (received) => {
          headers = Object.fromEntries(Object.entries(received.getMap()).map(([name, value]) => [name, String(value)]));
        });
    });
  }

  async close(): Promise<void> {
    this.#grpc.close();
    await this.#pool.destroy();
  }
}
