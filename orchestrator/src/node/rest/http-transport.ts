import { asCallError, CallError } from "../../execute/call-error.ts";
import type { Scope } from "../../execute/scope.ts";
import type { TakeStream } from "../../execute/streamed-reply.ts";
import type { PoolLimits, PoolLoad } from "../pool-limits.ts";
import { plainSockets, tlsSockets, type SocketSource } from "./connect-socket.ts";
import { Connection, type ConnectionOwner } from "./connection.ts";
import { HttpExchange, type HttpReply } from "./http-exchange.ts";
import { requestHead } from "./request-head.ts";

export interface HttpCall {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Name, value, name, value, … */
  readonly headers: readonly string[];
  /** The body in pieces; none for GET. */
  readonly chunks: readonly Buffer[];
  /** The node may get it twice: it is sent again where it met a connection that the node was just closing. */
  readonly mayRepeat: boolean;
}

/** How often idle connections are looked at for those that have expired. */
const SWEEP_MS = 1_000;

/** HTTP/1.1 to one host and port: bounded connections, bounded queue, cancellable calls. */
export class HttpTransport implements ConnectionOwner {
  readonly #target: string;
  readonly #host: string;
  readonly #limits: PoolLimits;
  readonly #sockets: SocketSource;
  readonly #open = new Set<Connection>();
  /** The one that was used last is used first, so that those that are not needed expire. */
  #idle: Connection[] = [];
  /** In the order they came; those that are given up leave at once, and their bodies with them. */
  readonly #waiting = new Set<HttpExchange>();
  #inFlight = 0;
  #isClosed = false;
  #sweep: NodeJS.Timeout | undefined;

  constructor(host: string, port: number, limits: PoolLimits) {
    this.#target = `${host}:${port}`;
    this.#host = host.includes(":") ? `[${host}]:${port}` : this.#target;
    this.#limits = limits;
    this.#sockets = limits.tls === undefined ? plainSockets(host, port) : tlsSockets(host, port, limits.tls);
  }

  get load(): PoolLoad {
    return { inUse: this.#open.size - this.#idle.length, waiting: this.#waiting.size };
  }

  /**
   * Sends a request and reads its whole answer; a long one goes to `take`, where there is one, as it arrives.
   * Throws CallError: unreachable, overloaded, bad-reply, or the scope's.
   */
  call(request: HttpCall, scope: Scope, take?: TakeStream): Promise<HttpReply> {
    if (scope.error !== undefined) return Promise.reject(scope.error);
    if (this.#inFlight >= this.#limits.connections + this.#limits.queue) {
      return Promise.reject(new CallError("overloaded", `too many requests wait for ${this.#target}`));
    }
    let head: string;
    try {
      head = headOf(request, this.#host);
    } catch (error) {
      return Promise.reject(asCallError(error));
    }
    this.#inFlight += 1;
    return new Promise<HttpReply>((resolve, reject) => {
      const outcome = {
        resolve: (reply: HttpReply) => {
          this.#ended();
          resolve(reply);
        },
        reject: (error: CallError, exchange: HttpExchange) => {
          this.#waiting.delete(exchange);
          this.#ended();
          reject(error);
        },
        repeat: request.mayRepeat ? this.#repeat : undefined,
      };
      const { maxReplyBytes } = this.#limits;
      this.#send(new HttpExchange(this.#target, head, request.chunks, maxReplyBytes, scope, outcome, take));
    });
  }

  /** Closes once what is in flight has ended. */
  close(): void {
    this.#isClosed = true;
    if (this.#inFlight === 0) this.destroy();
  }

  /** Drops every connection, in use or not. */
  destroy(): void {
    this.#isClosed = true;
    clearInterval(this.#sweep);
    this.#idle = [];
    const error = new CallError("unreachable", `the connections to ${this.#target} were given up`);
    for (const exchange of [...this.#waiting]) exchange.fail(error);
    for (const connection of this.#open) connection.drop();
  }

  onIdle(connection: Connection): void {
    const next = this.#firstWaiting();
    if (next?.isRepeated === true) {
      // This connection may be closing as well: it makes room for a new one.
      connection.destroy();
    } else if (next !== undefined) {
      this.#waiting.delete(next);
      next.beginOn(connection);
    } else if (this.#isClosed) connection.destroy();
    else {
      this.#idle.push(connection);
      this.#sweep ??= setInterval(() => {
        this.#dropExpired(performance.now());
      }, SWEEP_MS).unref();
    }
  }

  onClosed(connection: Connection): void {
    this.#open.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    const next = this.#firstWaiting();
    if (next === undefined) return;
    this.#waiting.delete(next);
    this.#send(next);
  }

  #send(exchange: HttpExchange): void {
    const connection = this.#takeIdle() ?? this.#connect();
    if (connection === undefined) this.#waiting.add(exchange);
    else exchange.beginOn(connection);
  }

  /** A node that closes one idle connection, closes them all: what it gets again goes out on none of them. */
  readonly #repeat = (exchange: HttpExchange): void => {
    for (const connection of this.#idle.splice(0)) connection.destroy();
    this.#send(exchange);
  };

  #takeIdle(): Connection | undefined {
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop()) {
      if (last.isUsable && last.expiresMs > performance.now()) return last;
      last.destroy();
    }
    return undefined;
  }

  #connect(): Connection | undefined {
    if (this.#open.size >= this.#limits.connections) return undefined;
    const { connected } = this.#sockets;
    const connection = new Connection(this.#sockets.open(), connected, this.#limits.connectTimeoutMs, this);
    this.#open.add(connection);
    return connection;
  }

  #firstWaiting(): HttpExchange | undefined {
    if (this.#waiting.size === 0) return undefined;
    const [first] = this.#waiting;
    return first;
  }

  #dropExpired(nowMs: number): void {
    const expired = this.#idle.filter((one) => one.expiresMs <= nowMs);
    this.#idle = this.#idle.filter((one) => one.expiresMs > nowMs);
    for (const connection of expired) connection.destroy();
    if (this.#idle.length > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  #ended(): void {
    this.#inFlight -= 1;
    if (this.#isClosed && this.#inFlight === 0) this.destroy();
  }
}

function headOf(request: HttpCall, host: string): string {
  let bodyBytes = 0;
  for (const chunk of request.chunks) bodyBytes += chunk.length;
  return requestHead(request.method, request.path, host, request.headers, bodyBytes);
}
