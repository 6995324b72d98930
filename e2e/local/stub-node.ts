import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { seldon } from "#proto/gen/seldon.js";

/** One call that a stub node got. */
export interface NodeCall {
  /** `/predict`, or the gRPC method's full name. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a stub node answers to a call: a status (gRPC: the code) and, when it is 200 (0), its own name as data. */
export type Answer<Code> = (call: NodeCall) => Code;

/** A node of a graph that answers with its own name, counts its calls, and fails when it is told to. Speaks REST and gRPC. */
export interface StubNode {
  /** `host:port,grpc-port`, for `--endpoint`. */
  readonly address: string;
  readonly calls: NodeCall[];
  /** Decides the status of REST calls; default 200. */
  answerRest: Answer<number>;
  /** Decides the code of gRPC calls; default 0. */
  answerGrpc: Answer<status>;
  close(): Promise<void>;
}

const { SeldonMessage, Feedback } = seldon.protos;

export async function startStubNode(name: string): Promise<StubNode> {
  const calls: NodeCall[] = [];
  const node: StubNode = {
    address: "",
    calls,
    answerRest: () => 200,
    answerGrpc: () => status.OK,
    close: () => Promise.resolve(),
  };

  const http = createServer((request, response) => {
    request.resume().on("end", () => {
      answerHttp(node, name, request, response);
    });
  });
  http.keepAliveTimeout = 0; // closes no connection on which a request may be on its way
  const grpc = new Server();
  for (const [path, requestType] of [
    ["/seldon.protos.Model/Predict", SeldonMessage],
    ["/seldon.protos.Model/SendFeedback", Feedback],
  ] as const) {
    const handle = (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>): void => {
      const headers = Object.fromEntries(
        Object.entries(call.metadata.getMap()).map(([key, value]) => [key, String(value)]),
      );
      calls.push({ path, headers });
      const code = node.answerGrpc({ path, headers });
      if (code === status.OK) callback(null, { strData: name });
      else callback({ code, details: `${name} was told to fail` });
    };
    grpc.register(
      path,
      handle,
      (message) => Buffer.from(SeldonMessage.encode(message as seldon.protos.SeldonMessage.$Properties).finish()),
      (bytes) => requestType.decode(bytes),
      "unary",
    );
  }
  const httpPort = await listenHttp(http);
  const grpcPort = await listenGrpc(grpc);
  return Object.assign(node, {
    address: `127.0.0.1:${String(httpPort)},${String(grpcPort)}`,
    close: () => closeBoth(http, grpc),
  });
}

function answerHttp(node: StubNode, name: string, request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? "";
  const headers = Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)]));
  const call = { path, headers };
  node.calls.push(call);
  const code = node.answerRest(call);
  response.writeHead(code, { "content-type": "application/json" });
  response.end(
    JSON.stringify(
      code === 200 ? { strData: name } : { status: { code, status: "FAILURE", info: `${name} was told to fail` } },
    ),
  );
}

function listenHttp(server: HttpServer): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function listenGrpc(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(port);
    });
  });
}

async function closeBoth(http: HttpServer, grpc: Server): Promise<void> {
  http.closeAllConnections();
  grpc.forceShutdown();
  await new Promise((resolve) => http.close(resolve));
}
