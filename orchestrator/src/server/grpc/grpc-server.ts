import { Server, ServerCredentials, type ServerOptions } from "@grpc/grpc-js";
import type { ServerContext } from "../server-context.ts";
import type { GrpcPort } from "./grpc-port.ts";
import { Health, HEALTH_SERVICE } from "./health.ts";
import { SELDON_SERVICE, seldonImplementation } from "./seldon-service.ts";

/** Serves seldon.protos.Seldon and grpc.health.v1 on all addresses; messages stay bytes. */
export async function startGrpcServer(
  context: ServerContext,
  port: number,
  maxMessageBytes: number,
): Promise<GrpcPort> {
  const options: ServerOptions = {
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": -1,
  };
  const server = new Server(options);
  const health = new Health(context.isReady);
  server.addService(SELDON_SERVICE, seldonImplementation(context));
  server.addService(HEALTH_SERVICE, health.implementation());
  const bound = await bind(server, port);
  return {
    port: bound,
    drain: () => {
      void health.refresh();
    },
    close: (timeoutMs) => {
      health.close();
      return close(server, timeoutMs);
    },
  };
}

async function bind(server: Server, port: number): Promise<number> {
  const bindTo = (address: string): Promise<number> =>
    new Promise((resolve, reject) => {
      server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
  try {
    return await bindTo(`[::]:${port}`);
  } catch (error) {
    // Hosts without IPv6.
    if (!/EAFNOSUPPORT|EADDRNOTAVAIL/.test(String(error))) throw error;
    return bindTo(`0.0.0.0:${port}`);
  }
}

function close(server: Server, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve(false);
    }, timeoutMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
