import { once } from "node:events";
import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import {
  connect,
  createServer as createHttp2Server,
  type Http2Server,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";

/** A request as a predictor got it. */
export interface Seen {
  readonly server: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** Servers that stand in for predictors, by cluster name. */
export interface Upstreams {
  readonly seen: readonly Seen[];
  /** Starts one that answers REST as told. */
  rest(name: string, answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<number>;
  /** Starts one that answers gRPC as told. */
  grpc(name: string, answer: (stream: ServerHttp2Stream) => void): Promise<number>;
  close(): void;
}

export function createUpstreams(): Upstreams {
  const seen: Seen[] = [];
  const servers: (Server | Http2Server)[] = [];
  const sockets = new Set<Socket>();

  async function listen(server: Server | Http2Server): Promise<number> {
    servers.push(server);
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  }

  return {
    seen,
    rest(name, answer) {
      const server = createHttpServer((request, response) => {
        seen.push({ server: name, url: request.url ?? "", headers: request.headers });
        answer(request, response);
      });
      server.keepAliveTimeout = 0; // closes no connection on which a request may be on its way
      server.on("upgrade", (request: IncomingMessage, socket: Socket) => {
        seen.push({ server: name, url: request.url ?? "", headers: request.headers });
        socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
        socket.on("error", () => undefined);
        socket.pipe(socket);
      });
      return listen(server);
    },
    grpc(name, answer) {
      const server = createHttp2Server();
      server.on("stream", (stream, headers) => {
        seen.push({ server: name, url: String(headers[":path"]), headers });
        stream.on("error", () => undefined);
        answer(stream);
      });
      return listen(server);
    },
    close() {
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The end of a gRPC call without a message. */
export function endGrpc(stream: ServerHttp2Stream, status = 0): void {
  stream.respond(
    { ":status": 200, "content-type": "application/grpc", "grpc-status": String(status) },
    { endStream: true },
  );
}

export interface GrpcAnswer {
  readonly headers: OutgoingHttpHeaders;
  /** From the headers or the trailers; undefined when the stream ended without. */
  readonly status: string | undefined;
}

/** One gRPC call with an empty message. */
export async function callGrpc(url: string, path: string, metadata: Record<string, string>): Promise<GrpcAnswer> {
  const session = connect(url);
  const request = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...metadata,
  });
  let trailers: OutgoingHttpHeaders = {};
  request.on("trailers", (found: OutgoingHttpHeaders) => (trailers = found));
  request.on("error", () => undefined);
  request.end(Buffer.alloc(5));
  const [headers] = (await once(request, "response")) as [OutgoingHttpHeaders];
  request.resume();
  await once(request, "close");
  session.close();
  const status = trailers["grpc-status"] ?? headers["grpc-status"];
  return { headers, status: status === undefined ? undefined : String(status) };
}
