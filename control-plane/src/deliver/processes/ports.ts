import { createServer } from "node:net";

/**
 * Where free ports are taken from. Below the range that systems use for outgoing connections (from 32768 on Linux),
 * so that a process that restarts finds its port free.
 */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export const DEFAULT_PORT_RANGE: PortRange = { first: 20_000, last: 29_999 };

/** Hands out ports of this machine, each to one user at a time. */
export interface PortPool {
  /** A port that nobody listens on and nobody else was given. Rejects when the whole range is taken. */
  take(): Promise<number>;
  /** Gives ports back. */
  release(ports: Iterable<number>): void;
  /** Keeps a certain port from being handed out. */
  reserve(port: number): void;
}

/** More than one graphway mostly asks for. Processes that run side by side have neighbouring ids. */
const PORTS_PER_PROCESS = 64;

let next = process.pid * PORTS_PER_PROCESS;

/** Makes a pool. All of a process go on where the last one was, from a place of its own, so that graphways on one machine do not meet. */
export function createPortPool(range: PortRange = DEFAULT_PORT_RANGE): PortPool {
  const taken = new Set<number>();
  const size = range.last - range.first + 1;
  return {
    take: async () => {
      for (let tries = 0; tries < size; tries++) {
        const port = range.first + (next % size);
        next += 1;
        if (taken.has(port)) continue;
        taken.add(port);
        if (await isPortFree(port)) return port;
        taken.delete(port);
      }
      throw new Error(`no free port between ${range.first} and ${range.last}`);
    },
    release: (ports) => {
      for (const port of ports) taken.delete(port);
    },
    reserve: (port) => {
      taken.add(port);
    },
  };
}

/** True when a server may bind the port, on all addresses and on the loopback one. */
export async function isPortFree(port: number): Promise<boolean> {
  for (const host of ["::", "0.0.0.0", "127.0.0.1"]) {
    if (!(await canBind(port, host))) return false;
  }
  return true;
}

function canBind(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      // A machine without IPv6 has nobody on that address.
      resolve(error.code === "EAFNOSUPPORT" || error.code === "EADDRNOTAVAIL");
    });
    server.listen({ port, host, exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
