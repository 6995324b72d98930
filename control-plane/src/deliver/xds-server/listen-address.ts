import { connect } from "node:net";
import { once } from "node:events";
import { stat, unlink } from "node:fs/promises";

const UNIX = "unix:";

/** Takes away the socket file that a server which is gone left behind; one that still answers stays. */
export async function clearStaleSocket(address: string): Promise<void> {
  if (!address.startsWith(UNIX)) return;
  const path = address.slice(UNIX.length);
  const found = await stat(path).catch(() => undefined);
  if (found?.isSocket() && !(await answers(path))) await unlink(path);
}

/** `host:port` of a server that listens on the address with the port it got; a socket's address as it is. */
export function boundAddress(address: string, port: number): string {
  return address.startsWith(UNIX) ? address : address.replace(/:\d+$/, `:${String(port)}`);
}

async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
