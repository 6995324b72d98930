// A node that answers at once, over both transports; prints its ports.
import { createServer, type Http2Server } from "node:http2";
import { createServer as createHttp, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { frameMessage } from "../src/node/grpc/frame.ts";
import { encodeRequest } from "../tests/stub-node.ts";

const JSON_REPLY = Buffer.from('{"data":{"names":["t:0"],"tensor":{"shape":[1,1],"values":[0.5]}}}');
const GRPC_REPLY = frameMessage(encodeRequest("Predict", { data: { tensor: { shape: [1, 1], values: [0.5] } } }));

const http = createHttp((request, response) => {
  request.resume();
  request.on("end", () => {
    response.writeHead(200, { "content-type": "application/json", "content-length": JSON_REPLY.length });
    response.end(JSON_REPLY);
  });
});
const grpc = createServer();
grpc.on("stream", (stream) => {
  stream.resume();
  stream.on("end", () => {
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => {
      stream.sendTrailers({ "grpc-status": "0" });
    });
    stream.end(GRPC_REPLY);
  });
});

async function portOf(server: Server | Http2Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
console.log(JSON.stringify({ httpPort: await portOf(http), grpcPort: await portOf(grpc) }));
