import { connect } from "node:http2";
import { frameMessage } from "../src/grpc/frame.ts";
import type { LoadFigures, LoadJob } from "./load-job.ts";
import { Meter } from "./meter.ts";

const WINDOW_BYTES = 4 << 20;

/** Calls the same method with the same message over and over, one call at a time per connection. */
export async function loadGrpc(job: LoadJob): Promise<LoadFigures> {
  const message = frameMessage(Buffer.from(job.body, "base64"));
  const meter = new Meter(job);
  await Promise.all(Array.from({ length: job.connections }, () => loop(job, message, meter)));
  return meter.figures();
}

function loop(job: LoadJob, message: Buffer, meter: Meter): Promise<void> {
  const headers = {
    ":method": "POST",
    ":path": job.path,
    "content-type": "application/grpc",
    te: "trailers",
    "user-agent": "bench",
  };
  return new Promise((resolve, reject) => {
    const session = connect(`http://127.0.0.1:${job.port}`, { settings: { initialWindowSize: WINDOW_BYTES } });
    session.on("error", reject);
    const call = (sentMs: number): void => {
      const stream = session.request(headers);
      let status: unknown;
      stream.on("response", (head) => (status = head["grpc-status"]));
      stream.on("trailers", (trailers) => (status = (trailers as Readonly<Record<string, unknown>>)["grpc-status"]));
      stream.resume();
      stream.on("error", reject);
      stream.on("close", () => {
        const nextMs = meter.count(sentMs);
        if (Number(status) !== 0) reject(new Error(`grpc-status ${String(status)}`));
        else if (nextMs !== undefined) {
          call(nextMs);
          return;
        } else resolve();
        session.close();
      });
      stream.end(message);
    };
    session.once("connect", () => {
      call(performance.now());
    });
  });
}
