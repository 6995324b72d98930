import { createRequire } from "node:module";
import type { Dispatcher, Pool as UndiciPool } from "undici";
import { CallError } from "../../execute/call-error.ts";
import { JSON_LENGTH_HEADER } from "../../execute/payload.ts";
import type { Scope } from "../../execute/scope.ts";
import { tlsConnector } from "../node-tls.ts";
import type { PoolLimits } from "../pool-limits.ts";

type Pool = InstanceType<typeof UndiciPool>;

/** The pool alone, loaded by the first call: the whole of undici costs twice as much to load. */
function loadPool(): typeof UndiciPool {
  return createRequire(import.meta.url)("undici/lib/dispatcher/pool.js") as typeof UndiciPool;
}

/** A node's whole HTTP answer. */
export interface HttpReply {
  readonly status: number;
  readonly contentType: string;
  readonly contentEncoding: string;
  /** Of V2's binary tensors; empty: none. */
  readonly jsonLength: string;
  readonly body: Buffer;
}

export interface HttpCall {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Name, value, name, value, … */
  readonly headers: string[];
  readonly body: Buffer | undefined;
}

/** HTTP/1.1 to one host and port: bounded connections, bounded queue, cancellable calls. */
export class HttpTransport {
  readonly #origin: string;
  #pool: Pool | undefined;
  readonly #limits: PoolLimits;
  readonly #target: string;
  #inFlight = 0;

  constructor(host: string, port: number, limits: PoolLimits) {
    this.#target = `${host}:${port}`;
    this.#limits = limits;
    const scheme = limits.tls === undefined ? "http" : "https";
    this.#origin = `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
  }

  /** Sends a request and reads its whole answer. Throws CallError: unreachable, overloaded, bad-reply, or the scope's. */
  call(request: HttpCall, scope: Scope): Promise<HttpReply> {
    if (scope.error !== undefined) return Promise.reject(scope.error);
    if (this.#inFlight >= this.#limits.connections + this.#limits.queue) {
      return Promise.reject(new CallError("overloaded", `too many requests wait for ${this.#target}`));
    }
    this.#inFlight += 1;
    return new Promise<HttpReply>((resolve, reject) => {
      const handler = new ReplyHandler(this.#target, this.#limits.maxReplyBytes, scope, (error, reply) => {
        this.#inFlight -= 1;
        if (reply === undefined) reject(error);
        else resolve(reply);
      });
      try {
        this.#pool ??= this.#connect();
        this.#pool.dispatch(
          { method: request.method, path: request.path, headers: request.headers, body: request.body ?? null },
          handler,
        );
      } catch (error) {
        handler.fail(faultOf(this.#target, error));
      }
    });
  }

  #connect(): Pool {
    const Pool = loadPool();
    const limits = this.#limits;
    return new Pool(this.#origin, {
      connections: limits.connections,
      pipelining: 1,
      allowH2: false,
      // Deadlines are the scope's; these would only bound what has none.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 4_000,
      connect:
        limits.tls === undefined
          ? { timeout: limits.connectTimeoutMs }
          : tlsConnector(limits.tls, limits.connectTimeoutMs),
    });
  }

  /** Closes once what is in flight has ended. */
  async close(): Promise<void> {
    await this.#pool?.close();
  }

  async destroy(): Promise<void> {
    await this.#pool?.destroy();
  }
}

type Settled = (error: CallError, reply?: HttpReply) => void;

class ReplyHandler implements Dispatcher.DispatchHandler {
  readonly #target: string;
  readonly #maxBytes: number;
  readonly #settled: Settled;
  readonly #detach: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #done: CallError | true | undefined;
  #status = 0;
  #contentType = "";
  #contentEncoding = "";
  #jsonLength = "";
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(target: string, maxBytes: number, scope: Scope, settled: Settled) {
    this.#target = target;
    this.#maxBytes = maxBytes;
    this.#settled = settled;
    this.#detach = scope.onCancel((error) => {
      this.fail(error);
    });
  }

  /** Ends the call: the caller hears `error`, and whatever is still on the wire is stopped. */
  fail(error: CallError): void {
    if (this.#done !== undefined) return;
    this.#done = error;
    this.#detach();
    this.#settled(error);
    this.#controller?.abort(error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Cancelled while it waited for a connection.
    if (this.#done instanceof CallError) controller.abort(this.#done);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (statusCode < 200) return;
    this.#status = statusCode;
    this.#contentType = one(headers["content-type"]);
    this.#contentEncoding = one(headers["content-encoding"]);
    this.#jsonLength = one(headers[JSON_LENGTH_HEADER]);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.#length > this.#maxBytes) {
      this.fail(new CallError("bad-reply", `${this.#target} answered more than ${this.#maxBytes} bytes`));
      return;
    }
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#done !== undefined) return;
    this.#done = true;
    this.#detach();
    const [only] = this.#chunks;
    const body = this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks, this.#length);
    const { contentType, contentEncoding } = { contentType: this.#contentType, contentEncoding: this.#contentEncoding };
    this.#settled(NO_ERROR, { status: this.#status, contentType, contentEncoding, jsonLength: this.#jsonLength, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(faultOf(this.#target, error));
  }
}

const NO_ERROR = new CallError("internal", "");

function one(value: string | string[] | undefined): string {
  return value === undefined ? "" : typeof value === "string" ? value : value.join(", ");
}

function faultOf(target: string, error: unknown): CallError {
  if (error instanceof CallError) return error;
  const { code, message, name } = error as {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly name?: unknown;
  };
  const why = `${typeof code === "string" ? code : "error"}: ${String(message)}`;
  if (name === "HTTPParserError" || code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH") {
    return new CallError("bad-reply", `${target} did not answer in HTTP (${why})`);
  }
  if (code === "UND_ERR_INVALID_ARG" || code === "UND_ERR_NOT_SUPPORTED") {
    return new CallError("bad-request", `the request can't be sent on to ${target} (${why})`);
  }
  return new CallError("unreachable", `${target} can't be reached (${why})`);
}
