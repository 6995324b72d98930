import { createServer, type Server } from "node:net";
import { messageCutter } from "./http-parts.ts";

const PREDICTION = answer('{"data":{"names":["t:0"],"tensor":{"shape":[1,1],"values":[0.5]}}}');
const ROUTE = answer('{"data":{"ndarray":[[0]]}}');
const V2 = answer('{"model_name":"m0","outputs":[{"name":"y","shape":[1],"datatype":"FP32","data":[0.5]}]}');
const TENSORFLOW = answer('{"predictions":[[0.5]]}');

/** A REST node of any type and protocol, by path; small answers. */
export function createRestStub(): Server {
  return createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => {
      // The load has ended.
    });
    socket.on(
      "data",
      messageCutter((head) => {
        socket.write(answerTo(head));
      }),
    );
  });
}

function answerTo(head: string): Buffer {
  const path = head.slice(head.indexOf(" ") + 1, head.indexOf(" HTTP/"));
  if (path === "/route") return ROUTE;
  if (path.endsWith("/infer")) return V2;
  return path.endsWith(":predict") ? TENSORFLOW : PREDICTION;
}

function answer(json: string): Buffer {
  const type = "Content-Type: application/json\r\n";
  return Buffer.from(`HTTP/1.1 200 OK\r\n${type}Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`);
}
