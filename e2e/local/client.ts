import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { Pool } from "undici";
import { seldon } from "#proto/gen/seldon.js";

/** What came back from a call; `predictor` and `route` are the response headers of these names. */
export interface Reply {
  /** HTTP status, or gRPC code. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RestCall {
  readonly deployment: string;
  readonly namespace?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: string;
}

/** A REST client of one gateway, with a pool of its own. */
export interface RestClient {
  call(call: RestCall): Promise<Reply>;
  close(): Promise<void>;
}

export function createRestClient(url: string, connections = 16): RestClient {
  const pool = new Pool(url, { connections });
  return {
    async call({
      deployment,
      namespace = "default",
      path = "/api/v1.0/predictions",
      headers = {},
      query = "",
      body = '{"data":{"ndarray":[[1]]}}',
    }) {
      const response = await pool.request({
        method: "POST",
        path: `/seldon/${namespace}/${deployment}${path}${query}`,
        headers: { "content-type": "application/json", ...headers },
        body,
      });
      const plain = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
      return { status: response.statusCode, headers: plain, body: await response.body.text() };
    },
    close: () => pool.close(),
  };
}

/** One gRPC call of `seldon.protos.Seldon` through a gateway; `body` is the reply's `strData`. */
export function callGrpc(
  url: string,
  call: {
    readonly method: "Predict" | "SendFeedback";
    readonly deployment: string;
    readonly metadata?: Readonly<Record<string, string>>;
  },
): Promise<Reply> {
  const client = new Client(new URL(url).host, credentials.createInsecure());
  const metadata = new Metadata();
  const sent = { seldon: call.deployment, namespace: "default", ...call.metadata };
  for (const [name, value] of Object.entries(sent)) metadata.set(name, value);
  const { SeldonMessage, Feedback } = seldon.protos;
  return new Promise((resolve) => {
    let headers: Readonly<Record<string, string>> = {};
    client
      .makeUnaryRequest(
        `/seldon.protos.Seldon/${call.method}`,
        (message: seldon.protos.SeldonMessage.$Properties) =>
          Buffer.from(
            call.method === "Predict"
              ? SeldonMessage.encode(message).finish()
              : Feedback.encode({ request: message }).finish(),
          ),
        (bytes) => SeldonMessage.decode(bytes),
        { strData: "request" },
        metadata,
        { deadline: Date.now() + 60_000 },
        (error: ServiceError | null, reply?: seldon.protos.SeldonMessage) => {
          client.close();
          resolve({ status: error?.code ?? 0, headers, body: error?.details ?? reply?.strData ?? "" });
        },
      )
      .on("metadata", (received) => {
        headers = Object.fromEntries(Object.entries(received.getMap()).map(([name, value]) => [name, String(value)]));
      });
  });
}

/** Calls without pause until it is stopped; counts what was not a 200. */
export interface Load {
  /** How many calls have ended. */
  count(): number;
  stop(): Promise<{ readonly calls: number; readonly failures: readonly Reply[] }>;
}

/** Keeps `concurrency` calls of `makeCall` running; a call that throws counts as a failure with status 0. */
export function startLoad(makeCall: () => Promise<Reply>, concurrency = 4): Load {
  let running = true;
  let calls = 0;
  const failures: Reply[] = [];
  const worker = async (): Promise<void> => {
    while (running) {
      const reply = await makeCall().catch((error: unknown) => ({ status: 0, headers: {}, body: String(error) }));
      calls += 1;
      if (reply.status !== 200) failures.push(reply);
    }
  };
  const workers = Array.from({ length: concurrency }, worker);
  return {
    count: () => calls,
    async stop() {
      running = false;
      await Promise.all(workers);
      return { calls, failures };
    },
  };
}
