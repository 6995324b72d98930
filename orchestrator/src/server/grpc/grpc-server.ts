import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { ServerContext } from "../server-context.ts";
import type { Inject } from "../../../../proto/grpc/first-connection.ts";
import { Health, HEALTH_SERVICE } from "./health.ts";
import { SELDON_SERVICE, seldonImplementation } from "./seldon-service.ts";

/** A gRPC server that is handed its connections. */
export interface GrpcServer {
  readonly inject: Inject;
  /** Tells those who watch the health. */
  drain(): void;
  /** Takes no new calls and waits for those in flight. True when all ended within the time. */
  close(timeoutMs: number): Promise<boolean>;
}

/** Serves seldon.protos.Seldon and grpc.health.v1; messages stay bytes. */
export function createGrpcServer(context: ServerContext, maxMessageBytes: number): GrpcServer {
  const server = new Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": -1,
  });
  const health = new Health(context.isReady);
  server.addService(SELDON_SERVICE, seldonImplementation(context));
  server.addService(HEALTH_SERVICE, health.implementation());
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  return {
    inject: (socket) => {
      injector.injectConnection(socket);
      // It was accepted paused; from here on its bytes go to the HTTP/2 session.
      socket.resume();
    },
    drain: () => {
      void health.refresh();
    },
    close: (timeoutMs) => {
      health.close();
      return close(server, timeoutMs);
    },
  };
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
