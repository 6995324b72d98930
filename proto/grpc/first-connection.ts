import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** Takes over a connection that nothing has been read from yet. */
export type Inject = (socket: Socket) => void;

/**
 * Listens at once, and loads what serves the connections when the first one comes: a gRPC server takes longer to load
 * than everything else of a process together. Without a host it listens on all addresses. Rejects when the port can't be
 * bound. Where loading fails, `failed` hears of it and connections are closed.
 */
export async function listenForFirst(
  at: { readonly port: number; readonly host?: string; readonly reusePort?: boolean },
  load: () => Promise<Inject>,
  failed: (error: unknown) => void,
): Promise<{ readonly server: Server; readonly port: number }> {
  let inject: Inject | undefined;
  let loading: Promise<Inject> | undefined;
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    if (inject !== undefined) {
      inject(socket);
      return;
    }
    const ignore = (): void => {
      // It went away while we were loading; its close follows.
    };
    socket.on("error", ignore);
    loading ??= load();
    loading.then(
      (loaded) => {
        inject = loaded;
        socket.off("error", ignore);
        if (!socket.destroyed) loaded(socket);
      },
      (error: unknown) => {
        failed(error);
        socket.destroy();
      },
    );
  });
  server.listen(at);
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}
