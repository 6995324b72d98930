import { once } from "node:events";
import type { Server } from "node:http";
import { Server as NetServer } from "node:net";

/** How long an idle connection is kept for a request that may be on its way, once no new ones are taken. */
const LINGER_MS = 250;

/**
 * Takes no new connections; those there are get one more answer, with `Connection: close`, then end. True when every
 * request ended in time.
 */
export async function closeRest(server: Server, timeoutMs: number): Promise<boolean> {
  const closed = once(server, "close").then(() => true);
  // http.Server.close would cut idle connections at once, under a request that is on its way.
  NetServer.prototype.close.call(server);
  const linger = setInterval(
    () => {
      server.closeIdleConnections();
    },
    Math.max(1, Math.min(LINGER_MS, timeoutMs)),
  );
  const timeout = Promise.withResolvers<false>();
  const timer = setTimeout(() => {
    timeout.resolve(false);
  }, timeoutMs);
  const inTime = await Promise.race([closed, timeout.promise]);
  clearTimeout(timer);
  clearInterval(linger);
  if (!inTime) server.closeAllConnections();
  return inTime;
}
