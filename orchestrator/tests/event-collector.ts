import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** One CloudEvent in HTTP binary mode, as it came. */
export interface Posted {
  readonly url: string;
  /** Name, value, name, value, … as they were sent. */
  readonly rawHeaders: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Collector {
  readonly url: string;
  readonly posted: Posted[];
  /** Connections made to it. */
  readonly connections: () => number;
  /** Waits until there are as many events, at most half a minute, then a little longer for one too many. */
  settle(count: number): Promise<void>;
  /** Answers what it held back. */
  release(): void;
  stop(): Promise<void>;
}

export interface CollectorOptions {
  readonly status?: number;
  /** Answers nothing until `release`. */
  readonly holds?: boolean;
}

const DEADLINE_MS = 30_000;
const TOO_MANY_MS = 50;

/** An HTTP server on loopback that keeps what is posted to it. */
export async function startCollector({ status = 202, holds = false }: CollectorOptions = {}): Promise<Collector> {
  const posted: Posted[] = [];
  const sockets = new Set<Socket>();
  let held: ServerResponse[] | undefined = holds ? [] : undefined;
  let connections = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      posted.push({
        url: request.url ?? "",
        rawHeaders: request.rawHeaders,
        headers,
        body: Buffer.concat(chunks),
      });
      response.statusCode = status;
      if (held === undefined) response.end();
      else held.push(response);
    });
  });
  server.on("connection", (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posted,
    connections: () => connections,
    settle: async (count) => {
      const endMs = performance.now() + DEADLINE_MS;
      while (posted.length < count && performance.now() < endMs) await pause(5);
      await pause(TOO_MANY_MS);
    },
    release: () => {
      const all = held ?? [];
      held = undefined;
      for (const response of all) response.end();
    },
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
