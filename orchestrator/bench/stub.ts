// Nodes that answer at once, over both transports: one process plays every node of a graph. Tells its ports by IPC.
import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { createServer as createHttp } from "node:http";
import { createGrpcStub } from "./stub-grpc.ts";
import { createRestStub } from "./stub-rest.ts";

/** What the stub process tells when it is up. */
export interface StubPorts {
  readonly rest: number;
  readonly grpc: number;
  /** A bare node:http server that answers with the request's body: a measure of the machine. */
  readonly echo: number;
}

const echo = createHttp((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
    response.end(body);
  });
});

async function portOf(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const ports: StubPorts = {
  rest: await portOf(createRestStub()),
  grpc: await portOf(createGrpcStub()),
  echo: await portOf(echo),
};
process.send?.(ports);
process.on("disconnect", () => process.exit());
