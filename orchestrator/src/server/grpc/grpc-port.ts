import { secureAcceptor } from "../../tls/server-tls.ts";
import type { PortOptions } from "../port-options.ts";
import type { ServerContext } from "../server-context.ts";
import { listenForFirst } from "../../../../proto/grpc/first-connection.ts";
import type { GrpcServer } from "./grpc-server.ts";

/** The gRPC port of the orchestrator. */
export interface GrpcPort {
  /** The bound port. */
  readonly port: number;
  /** Health answers NOT_SERVING from now on; everything else is served. */
  drain(): void;
  /** Asks those who are connected to connect elsewhere; calls in flight end, and those on new connections are served. */
  turnAway(): void;
  /** Takes no new calls and waits for those in flight. True when all ended within the time. */
  close(timeoutMs: number): Promise<boolean>;
}

/** Listens on all addresses; the server itself is loaded when the first client comes. Rejects when the port is taken. */
export async function startGrpcPort(context: ServerContext, options: PortOptions): Promise<GrpcPort> {
  const { port, reusePort, tls } = options;
  let loading: Promise<GrpcServer> | undefined;
  const listener = await listenForFirst(
    { port, reusePort },
    async () => {
      loading = import("./grpc-server.ts").then((module) => module.createGrpcServer(context));
      const { inject } = await loading;
      return tls === undefined ? inject : secureAcceptor(tls, inject);
    },
    (error) => {
      context.logError("the gRPC server can't be loaded", error);
    },
  );
  if (options.maxConnections > 0) listener.server.maxConnections = options.maxConnections;
  return {
    port: listener.port,
    drain: () => {
      void loading?.then((server) => {
        server.drain();
      });
    },
    turnAway: () => {
      void loading?.then((server) => {
        server.turnAway();
      });
    },
    close: async (timeoutMs) => {
      listener.server.close();
      return (await loading)?.close(timeoutMs) ?? true;
    },
  };
}
