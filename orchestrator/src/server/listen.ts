import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { StartError } from "../start-error.ts";
import type { PortOptions } from "./port-options.ts";

/** Listens on all addresses; the bound port. Throws StartError where it is taken. */
export async function listen(server: Server, options: PortOptions): Promise<number> {
  const { port, reusePort, maxConnections } = options;
  if (maxConnections > 0) server.maxConnections = maxConnections;
  server.listen({ port, reusePort });
  await portTaken(port, once(server, "listening"));
  return (server.address() as AddressInfo).port;
}

/** What begins to listen on a port; StartError when it can't. */
export async function portTaken<T>(port: number, listening: Promise<T>): Promise<T> {
  try {
    return await listening;
  } catch (error) {
    throw new StartError(`port ${port} can't be taken: ${error instanceof Error ? error.message : String(error)}`);
  }
}
