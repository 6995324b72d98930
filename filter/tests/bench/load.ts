import { once } from "node:events";
import {
  type ClientHttp2Session,
  connect,
  createServer,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from "node:http2";

const SESSIONS = 4;
const BODY = Buffer.alloc(300, "x");

/** A server of HTTP/2 without TLS that answers anything at once. */
export interface Sink {
  readonly port: number;
  /** Headers of the last request. */
  last(): IncomingHttpHeaders;
  stop(): void;
}

export async function startSink(): Promise<Sink> {
  let seen: IncomingHttpHeaders = {};
  const server = createServer();
  server.on("stream", (stream, headers) => {
    seen = headers;
    stream.resume();
    stream.respond({ ":status": 200 });
    stream.end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { port: address.port, last: () => seen, stop: () => void server.close() };
}

/** Headers of one request. */
export type RequestHeaders = Readonly<Record<string, string>>;

/** Sends requests over a few connections. */
export class Load {
  readonly #sessions: readonly ClientHttp2Session[];

  private constructor(sessions: readonly ClientHttp2Session[]) {
    this.#sessions = sessions;
  }

  static async connect(port: number): Promise<Load> {
    const sessions = Array.from({ length: SESSIONS }, () => connect(`http://127.0.0.1:${port}`));
    await Promise.all(sessions.map((one) => once(one, "connect")));
    return new Load(sessions);
  }

  async #send(index: number, headers: RequestHeaders): Promise<void> {
    const stream = this.#sessions[index % SESSIONS]?.request({ ":method": "POST", ...headers });
    if (stream === undefined) return;
    stream.end(BODY);
    const [answer] = (await once(stream, "response")) as [IncomingHttpHeaders & IncomingHttpStatusHeader];
    let body = "";
    for await (const chunk of stream.setEncoding("utf8")) body += String(chunk);
    if (answer[":status"] !== 200) throw new Error(`status ${String(answer[":status"])}: ${body}`);
  }

  /** Sends `count` requests, `inFlight` at a time; any answer but 200 fails. */
  async run(count: number, inFlight: number, headersOf: (index: number) => RequestHeaders): Promise<void> {
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let index = next++; index < count; index = next++) await this.#send(index, headersOf(index));
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
  }

  stop(): void {
    for (const one of this.#sessions) one.destroy();
  }
}
