import { connect } from "node:net";
import { messageCutter } from "./http-parts.ts";
import type { LoadFigures, LoadJob } from "./load-job.ts";
import { Meter } from "./meter.ts";

/** Posts the same request over and over on each connection. Rejects on the first answer that is not 200. */
export async function loadRest(job: LoadJob): Promise<LoadFigures> {
  const body = Buffer.from(job.body, "base64");
  const head =
    `POST ${job.path} HTTP/1.1\r\nHost: 127.0.0.1:${job.port}\r\nContent-Type: ${job.contentType}\r\n` +
    `Accept: */*\r\nUser-Agent: bench\r\nContent-Length: ${body.length}\r\n\r\n`;
  const request = Buffer.concat([Buffer.from(head), body]);
  const meter = new Meter(job);
  await Promise.all(Array.from({ length: job.connections }, () => loop(job.port, request, meter)));
  return meter.figures();
}

function loop(port: number, request: Buffer, meter: Meter): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let sentMs = 0;
    const onAnswer = (head: string): void => {
      const nextMs = meter.count(sentMs);
      if (!head.startsWith("HTTP/1.1 200")) reject(new Error(head));
      if (nextMs === undefined || !head.startsWith("HTTP/1.1 200")) {
        socket.destroy();
        resolve();
        return;
      }
      sentMs = nextMs;
      socket.write(request);
    };
    socket.on("connect", () => {
      sentMs = performance.now();
      socket.write(request);
    });
    socket.on("data", messageCutter(onAnswer));
    socket.on("error", reject);
    socket.on("close", () => {
      reject(new Error("the connection was closed"));
    });
  });
}
