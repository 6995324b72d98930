import { connect, type ClientHttp2Session, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from "node:http2";
import { connect as connectSocket } from "node:net";
import type { Duplex } from "node:stream";
import type { XdsTls } from "../tls/open-tls.ts";
import { CallError } from "../execute/call-error.ts";
import { frameMessage } from "../grpc/frame.ts";
import { MessageReader } from "../grpc/message-reader.ts";

export interface MessageStreamOptions {
  /** host:port, https://host:port, or unix:/path. */
  readonly server: string;
  /** Undefined: no TLS. */
  readonly tls: XdsTls | undefined;
  /** `/package.Service/Method`. */
  readonly method: string;
  /** Sent as `authorization: Bearer …`. */
  readonly token: string | undefined;
  readonly keepAlive: KeepAlive;
  readonly onMessage: (message: Buffer) => void;
  /** Called exactly once, unless it is cancelled before: why the stream is over. */
  readonly onEnd: (reason: string) => void;
}

/** A gRPC stream of messages both ways, on a connection of its own. */
export interface MessageStream {
  send(message: Uint8Array): void;
  /** Ends it; nothing is called any more. */
  cancel(): void;
}

const MAX_MESSAGE_BYTES = 16 << 20;

/** How a connection that is silent is found out. */
export interface KeepAlive {
  readonly connectTimeoutMs: number;
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
}

export const KEEP_ALIVE: KeepAlive = { connectTimeoutMs: 20_000, pingIntervalMs: 30_000, pingTimeoutMs: 5_000 };

/** Opens a bidirectional gRPC call, by hand: a gRPC library would be half of an orchestrator's start. */
export function openMessageStream(options: MessageStreamOptions): MessageStream {
  const session = connectTo(options.server, options.tls);
  let isOver = false;
  const stopPings = keepAlive(session, options.keepAlive);
  const finish = (reason: string | undefined): void => {
    if (isOver) return;
    isOver = true;
    stopPings();
    session.destroy();
    if (reason !== undefined) options.onEnd(reason);
  };
  const stream = session.request({
    ":method": "POST",
    ":path": options.method,
    te: "trailers",
    "content-type": "application/grpc",
    "user-agent": "graphway-orchestrator",
    ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
  });
  let status: string | undefined;
  const readStatus = (headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void => {
    const code = headers["grpc-status"];
    const message = headers["grpc-message"];
    if (typeof code === "string") status = `status ${code} ${typeof message === "string" ? message : ""}`.trim();
    else if ((headers[":status"] ?? 200) !== 200) status = `HTTP ${headers[":status"]}`;
  };
  stream.on("response", readStatus);
  stream.on("trailers", readStatus);
  const reader = new MessageReader(MAX_MESSAGE_BYTES, tooLarge);
  stream.on("data", (chunk: Buffer) => {
    reader.push(chunk);
    try {
      while (!isOver) {
        const message = reader.next();
        if (message === undefined) return;
        if (message.isCompressed) throw new Error("it is compressed, which was not asked for");
        options.onMessage(message.body);
      }
    } catch (error) {
      finish(`a message can't be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
  stream.on("error", (error: Error) => {
    finish(error.message);
  });
  stream.on("close", () => {
    finish(status ?? "the connection was closed");
  });
  session.on("error", (error: Error) => {
    finish(error.message);
  });
  session.on("close", () => {
    finish("the connection was closed");
  });
  return {
    send: (message) => {
      if (!isOver) stream.write(frameMessage(Buffer.from(message.buffer, message.byteOffset, message.byteLength)));
    },
    cancel: () => {
      finish(undefined);
    },
  };
}

function connectTo(server: string, tls: XdsTls | undefined): ClientHttp2Session {
  const path = server.startsWith("unix:") ? server.replace(/^unix:(\/\/(?=\/))?/, "") : undefined;
  if (tls === undefined) {
    if (path === undefined) return connect(`http://${server}`);
    return connect("http://localhost", { createConnection: () => connectSocket(path) });
  }
  const options = {
    ...tls.tls.current(),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  };
  if (path === undefined) return connect(`https://${server.replace(/^https:\/\//, "")}`, options);
  const secure = { ...options, path, ALPNProtocols: ["h2"] };
  const createConnection = (): Duplex => process.getBuiltinModule("node:tls").connect(secure);
  return connect("https://localhost", { createConnection });
}

/** Ends a connection that is not there in time, or is silent when asked. Returns how to stop. */
function keepAlive(session: ClientHttp2Session, times: KeepAlive): () => void {
  const end = (): void => {
    session.destroy(new Error("no answer in time"));
  };
  let answer: NodeJS.Timeout | undefined = setTimeout(end, times.connectTimeoutMs).unref();
  const heard = (): void => {
    clearTimeout(answer);
    answer = undefined;
  };
  session.once("connect", heard);
  const pings = setInterval(() => {
    // One question at a time: a second one must not put off the end that the first is waiting for.
    if (session.destroyed || session.connecting || answer !== undefined) return;
    answer = setTimeout(end, times.pingTimeoutMs).unref();
    session.ping(heard);
  }, times.pingIntervalMs).unref();
  return () => {
    clearTimeout(answer);
    clearInterval(pings);
  };
}

function tooLarge(bytes: number): CallError {
  return new CallError("bad-reply", `it has ${bytes} bytes, more than ${MAX_MESSAGE_BYTES}`);
}
