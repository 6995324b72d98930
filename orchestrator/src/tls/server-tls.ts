import type { Socket } from "node:net";
import { createServer, type SecureContextOptions, type TlsOptions } from "node:tls";
import { checkedContext } from "./key-pair.ts";
import { openRotatingFiles, type Reloaded, type RotationTimes } from "./rotating-files.ts";

/** The files of the certificate that both ports show. */
export interface ServerTlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** With it, clients must show a certificate that one of its authorities has signed. */
  readonly clientCaFile: string | undefined;
}

/** The certificate of both ports, as it is now. */
export interface ServerTls {
  /** For a server that is made now, speaking one protocol by ALPN; clients that offer none are served too. */
  optionsFor(protocol: "http/1.1" | "h2"): TlsOptions;
  /** Calls `update` with each new certificate. Connections there are go on with the one they began with. */
  follow(update: (options: SecureContextOptions) => void): void;
  stop(): void;
}

const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Reads and watches the files. Rejects where they can't be read, don't parse or don't match. */
export async function openServerTls(
  files: ServerTlsFiles,
  report: (reloaded: Reloaded) => void,
  times?: RotationTimes,
): Promise<ServerTls> {
  const { certFile, keyFile, clientCaFile } = files;
  const all = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])];
  const parse = ([cert = NOTHING, key = NOTHING, ca]: readonly Buffer[]): SecureContextOptions =>
    checkedContext({ pair: { cert, key }, ca }).options;
  const rotating = await openRotatingFiles(all, parse, report, times);
  const asksClients = clientCaFile !== undefined;
  return {
    optionsFor: (protocol) => ({
      ...rotating.current,
      ALPNProtocols: [protocol],
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      requestCert: asksClients,
      rejectUnauthorized: asksClients,
    }),
    follow: (update) => {
      rotating.follow(update);
    },
    stop: () => {
      rotating.stop();
    },
  };
}

const NOTHING = Buffer.alloc(0);

/**
 * What does the handshake on accepted sockets and hands on the secure ones. Sockets whose handshake fails, or takes
 * longer than ten seconds, are closed.
 */
export function secureAcceptor(tls: ServerTls, accept: (socket: Socket) => void): (socket: Socket) => void {
  const server = createServer(tls.optionsFor("h2"), accept);
  tls.follow((options) => {
    server.setSecureContext(options);
  });
  server.on("tlsClientError", (_error, socket) => {
    socket.destroy();
  });
  return (socket) => {
    server.emit("connection", socket);
  };
}
