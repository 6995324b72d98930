import { createServer } from "node:net";

/** Below the ports that systems give to outgoing connections and to who asks for any (from 32768 on Linux), and below those of `graphway run`. */
const FIRST = 10_000;
const COUNT = 10_000;
/** More than one process of tests asks for. Processes that run side by side have neighbouring ids, so each has ports of its own. */
const PER_PROCESS = 64;

let next = process.pid * PER_PROCESS;

/**
 * A loopback port for a server that can't choose one itself. Nobody listens on it, and nobody will who was not told to:
 * no connection and no `listen(0)` of another process is given it between now and its use.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < COUNT; tries += 1) {
    const port = FIRST + (next % COUNT);
    next += 1;
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port between ${String(FIRST)} and ${String(FIRST + COUNT - 1)}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => {
      resolve(false);
    });
    server.listen({ port, host: "0.0.0.0", exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
