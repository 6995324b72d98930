import { createServer, type Http2Server } from "node:http2";
import { frameMessage } from "../src/grpc/frame.ts";
import { field } from "./messages.ts";

const WINDOW_BYTES = 4 << 20;
/** A SeldonMessage of 66 bytes, about as large as the REST answer. */
const PREDICTION = frameMessage(field(4, Buffer.alloc(64, 1)));
/** A SeldonMessage whose tensor names branch 0. */
const ROUTE = frameMessage(field(3, field(2, Buffer.from("0a020101120800000000000000" + "00", "hex"))));
const V2 = frameMessage(field(1, Buffer.from("m0")));
const TENSORFLOW = frameMessage(Buffer.alloc(0));
const HEADERS = { ":status": 200, "content-type": "application/grpc" };
const TRAILERS = { "grpc-status": "0" };

/** A gRPC node of any type and protocol, by method; small answers. */
export function createGrpcStub(): Http2Server {
  const server = createServer({ settings: { initialWindowSize: WINDOW_BYTES } });
  server.on("session", (session) => {
    session.setLocalWindowSize(WINDOW_BYTES);
  });
  server.on("stream", (stream, headers) => {
    stream.resume();
    stream.on("error", () => {
      // The load has ended.
    });
    stream.on("end", () => {
      stream.respond(HEADERS, { waitForTrailers: true });
      stream.on("wantTrailers", () => {
        stream.sendTrailers(TRAILERS);
      });
      stream.end(answerTo(headers[":path"] ?? ""));
    });
  });
  return server;
}

function answerTo(path: string): Buffer {
  if (path.endsWith("/Route")) return ROUTE;
  if (path.endsWith("/ModelInfer")) return V2;
  return path.startsWith("/tensorflow.") ? TENSORFLOW : PREDICTION;
}
