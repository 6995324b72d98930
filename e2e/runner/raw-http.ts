import { connect } from "node:net";

/** One HTTP/1.1 request as these bytes, on a connection of its own. Resolves with the whole answer; empty where there was none. */
export function sendRaw(host: string, port: number, request: Buffer, timeoutMs = 60_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host, port });
    const end = (): void => {
      socket.destroy();
      resolve(Buffer.concat(chunks).toString("latin1"));
    };
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error("no answer to a raw request")));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // Refused before everything was read: what was answered by then counts.
      if (error.code === "ECONNRESET" || error.code === "EPIPE") end();
      else reject(error);
    });
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("end", end);
    socket.write(request);
  });
}

/** Bytes of a request with these header lines as they are; the connection ends with the answer. */
export function rawRequest(method: string, path: string, lines: readonly string[], body: string): Buffer {
  const head = [
    `${method} ${path} HTTP/1.1`,
    "host: example.com",
    "connection: close",
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    ...lines,
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"), Buffer.from(body)]);
}

/** The status of a raw answer; 0 where there was none. */
export function statusOfRaw(answer: string): number {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1] ?? 0);
}
