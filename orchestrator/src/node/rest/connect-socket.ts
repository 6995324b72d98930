import { connect, isIP, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { ClientTls } from "../../tls/client-tls.ts";

/** TCP asks a silent node after so long whether it is there: one that lost its power answers nothing, and ends nothing. */
const KEEP_ALIVE_MS = 30_000;

/** Opens sockets to one host and port; the event says when one is ready. */
export interface SocketSource {
  readonly connected: "connect" | "secureConnect";
  open(): Socket;
}

export function plainSockets(host: string, port: number): SocketSource {
  const options = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
  return { connected: "connect", open: () => connect(options) };
}

/**
 * TLS with the files as they are now. Sessions are resumed only under the files that they began with: a new certificate
 * is shown at once.
 */
export function tlsSockets(host: string, port: number, tls: ClientTls): SocketSource {
  const secure = process.getBuiltinModule("node:tls");
  let madeWith: ReturnType<ClientTls["current"]> | undefined;
  let session: Buffer | undefined;
  const open = (): TLSSocket => {
    const current = tls.current();
    if (current !== madeWith) session = undefined;
    madeWith = current;
    const name = isIP(host) === 0 ? { servername: host } : {};
    const resumed = session === undefined ? {} : { session };
    const socket = secure.connect({ host, port, ALPNProtocols: ["http/1.1"], ...name, ...resumed, ...current });
    socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on("session", (given) => {
      if (madeWith === current) session = given;
    });
    return socket;
  };
  return { connected: "secureConnect", open };
}
