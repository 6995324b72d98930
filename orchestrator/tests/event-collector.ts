import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** One CloudEvent in HTTP binary mode, as it came. */
export interface CollectedEvent {
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

export interface EventCollector {
  readonly url: string;
  readonly events: readonly CollectedEvent[];
  /** Waits until there are as many events, at most two seconds, then a little longer for one too many. */
  settle(count: number): Promise<void>;
  stop(): Promise<void>;
}

const DEADLINE_MS = 2000;
const TOO_MANY_MS = 50;

/** A server that keeps what is posted to it. */
export async function startCollector(): Promise<EventCollector> {
  const events: CollectedEvent[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      events.push({ headers, bytes: Buffer.concat(chunks) });
      response.end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    events,
    settle: async (count) => {
      const endMs = Date.now() + DEADLINE_MS;
      while (events.length < count && Date.now() < endMs) await pause(5);
      await pause(TOO_MANY_MS);
    },
    stop: async () => {
      server.closeAllConnections();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
