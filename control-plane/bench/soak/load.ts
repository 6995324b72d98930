import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { Pool } from "undici";

const URL_PATH = "/seldon/models/iris/api/v1.0/predictions";
const CONNECTIONS = 16;

/** A server that answers anything with its name, and its port. */
export async function startUpstream(name: string): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
    request.resume();
    response.end(name);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { port: address.port, server };
}

/** Who answered; undefined: nobody did. */
export type Answer = string | undefined;

/** A client that keeps its connections. */
export interface Client {
  /** The predictor that answers the request with this id. */
  send(requestId: string): Promise<Answer>;
  /** Why requests failed, and how often. */
  readonly failures: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

export function createClient(port: number): Client {
  const pool = new Pool(`http://127.0.0.1:${String(port)}`, { connections: CONNECTIONS });
  const failures = new Map<string, number>();
  const fail = (why: string): void => {
    failures.set(why, (failures.get(why) ?? 0) + 1);
  };
  return {
    async send(requestId) {
      try {
        const headers = { "x-request-id": requestId, "content-type": "application/json" };
        const { statusCode, body } = await pool.request({ method: "POST", path: URL_PATH, headers, body: "{}" });
        const text = await body.text();
        if (statusCode === 200) return text;
        fail(`status ${String(statusCode)}: ${text.slice(0, 100)}`);
      } catch (error) {
        fail(error instanceof Error ? error.message : String(error));
      }
      return undefined;
    },
    failures,
    close: () => pool.close(),
  };
}

/** Calls `send` with 0, 1, 2, … by a few at a time, until `isDone`. */
export async function keepSending(send: (index: number) => Promise<void>, isDone: () => boolean): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (!isDone()) await send(next++);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}
