import type { IncomingMessage } from "node:http";
import { CallError } from "../../execute/call-error.ts";

/** Reads a request's whole body, in the pieces it comes in. Larger than the limit: CallError (too-large); cut off: CallError (cancelled). */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<readonly Buffer[]> {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > maxBytes) return Promise.reject(tooLarge(maxBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      request.removeAllListeners("data");
      request.pause();
      reject(tooLarge(maxBytes));
    });
    request.on("end", () => {
      resolve(chunks);
    });
    const cut = (): void => {
      reject(new CallError("cancelled", "the client went away before its request was whole"));
    };
    request.on("error", cut);
    request.on("close", () => {
      if (!request.complete) cut();
    });
  });
}

function tooLarge(maxBytes: number): CallError {
  return new CallError("too-large", `the body is larger than ${maxBytes} bytes`);
}
