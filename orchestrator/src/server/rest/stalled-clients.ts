import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** What a body must bring in one window: slow but honest clients do; one byte now and then does not. */
const MIN_PROGRESS_BYTES = 16 * 1024;
/** Looks per window. */
const LOOKS = 4;
const TOO_SLOW = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

interface Exchange {
  request: IncomingMessage | undefined;
  response: ServerResponse | undefined;
  /** `socket.bytesRead` when the window began; -1 before the first look. */
  windowBytes: number;
  windowStartMs: number;
}

/**
 * Ends connections whose client has stopped: a body that makes no progress is answered 408, an answer that nobody
 * reads is dropped. All connections are looked at together, so that a request costs one entry and no timer.
 */
export class StalledClients {
  readonly #windowMs: number;
  readonly #exchanges = new Map<Socket, Exchange>();
  readonly #timer: NodeJS.Timeout;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
    this.#timer = setInterval(
      () => {
        // After what has come in meanwhile was read: a time without a processor is no client's fault.
        setImmediate(() => {
          this.#look(performance.now());
        });
      },
      Math.max(10, windowMs / LOOKS),
    ).unref();
  }

  begin(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    let exchange = this.#exchanges.get(socket);
    if (exchange === undefined) {
      exchange = { request, response, windowBytes: -1, windowStartMs: 0 };
      this.#exchanges.set(socket, exchange);
      socket.once("close", () => this.#exchanges.delete(socket));
      return;
    }
    exchange.request = request;
    exchange.response = response;
    exchange.windowBytes = -1;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(nowMs: number): void {
    for (const [socket, exchange] of this.#exchanges) {
      const { request, response } = exchange;
      if (request === undefined || response === undefined) continue;
      if (!request.complete) this.#lookAtBody(socket, request, response, exchange, nowMs);
      else if (response.writableFinished) exchange.request = exchange.response = undefined;
      // Node.js looks at the bytes that leave the socket; one that moves none for so long is destroyed.
      else if (response.writableEnded && socket.timeout !== this.#windowMs) socket.setTimeout(this.#windowMs);
    }
  }

  #lookAtBody(
    socket: Socket,
    request: IncomingMessage,
    response: ServerResponse,
    exchange: Exchange,
    nowMs: number,
  ): void {
    // Where we don't read, for a slow node say, the client is not to blame.
    const isOurTurn = request.isPaused();
    if (exchange.windowBytes === -1 || isOurTurn || socket.bytesRead - exchange.windowBytes >= MIN_PROGRESS_BYTES) {
      exchange.windowBytes = socket.bytesRead;
      exchange.windowStartMs = nowMs;
      return;
    }
    if (nowMs - exchange.windowStartMs < this.#windowMs) return;
    if (response.headersSent) socket.destroy();
    else {
      socket.end(TOO_SLOW);
      socket.destroySoon();
    }
  }
}
