import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";

/** One request that reached a stub. */
export interface Seen {
  readonly stub: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** A server that answers with its name, with 503 where the path says `fail`, or not at all where it says `hang`, and keeps what it saw. */
export interface Upstream {
  readonly name: string;
  readonly port: number;
  readonly seen: Seen[];
  stop(): Promise<void>;
}

/** Starts a stub on a free port of loopback. */
export async function startUpstream(name: string): Promise<Upstream> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const url = request.url ?? "";
    seen.push({ stub: name, url, headers: request.headers });
    if (url.includes("hang")) return;
    response.writeHead(url.includes("fail") ? 503 : 200).end(name);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { name, port: address.port, seen, stop };
}
