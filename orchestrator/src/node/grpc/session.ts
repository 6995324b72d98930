import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { CallError } from "../../execute/call-error.ts";
import type { Scope } from "../../execute/scope.ts";
import type { PoolLimits } from "../pool-limits.ts";
import { frameMessage, unframeMessage } from "./frame.ts";
import { requestHeaders, type Metadata } from "./request-headers.ts";
import { resetError, statusError } from "./status.ts";

const WINDOW_BYTES = 4 << 20;
const STREAMS_PER_SESSION = 100;

/** One HTTP/2 connection. Never reconnects: a lost one is left, and the client opens another. */
export class Session {
  readonly #http2: ClientHttp2Session;
  readonly #target: string;
  readonly #limits: PoolLimits;
  readonly #scheme: "http" | "https";
  readonly #connected: Promise<CallError | undefined>;
  #isConnected = false;
  #failure: CallError | undefined;
  #isRetired = false;
  #lastDataMs = 0;
  streams = 0;

  constructor(target: string, limits: PoolLimits) {
    this.#target = target;
    this.#limits = limits;
    this.#scheme = limits.tls === undefined ? "http" : "https";
    this.#http2 = connect(`${this.#scheme}://${target}`, {
      ...limits.tls?.current(),
      settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
      maxSessionMemory: 1000,
    });
    this.#connected = new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#http2.destroy(new Error(`no connection within ${limits.connectTimeoutMs} ms`));
      }, limits.connectTimeoutMs);
      this.#http2.once("connect", () => {
        clearTimeout(timer);
        this.#isConnected = true;
        this.#http2.setLocalWindowSize(WINDOW_BYTES);
        this.#http2.unref();
        resolve(undefined);
      });
      this.#http2.on("error", (error: Error & { code?: string }) => {
        clearTimeout(timer);
        this.#failure ??= new CallError("unreachable", `${target} can't be reached (${error.code ?? error.message})`);
        resolve(this.#failure);
      });
      this.#http2.once("close", () => {
        clearTimeout(timer);
        this.#isRetired = true;
        resolve((this.#failure ??= new CallError("unreachable", `${target} closed the connection`)));
      });
    });
    this.#http2.on("goaway", () => {
      this.retire();
    });
  }

  get isUsable(): boolean {
    return !this.#isRetired && !this.#http2.closed && !this.#http2.destroyed;
  }

  get maxStreams(): number {
    const theirs = this.#isConnected ? this.#http2.remoteSettings.maxConcurrentStreams : undefined;
    return Math.max(1, Math.min(STREAMS_PER_SESSION, theirs ?? STREAMS_PER_SESSION));
  }

  async ready(scope: Scope): Promise<void> {
    if (this.#isConnected) return;
    let detach = (): void => {};
    const cancelled = new Promise<CallError>((resolve) => {
      detach = scope.onCancel(resolve);
    });
    const error = await Promise.race([this.#connected, cancelled]);
    detach();
    if (error !== undefined) throw error;
  }

  /** Takes no further calls, and closes when those in flight have ended. */
  retire(): void {
    this.#isRetired = true;
    if (!this.#http2.closed && !this.#http2.destroyed) this.#http2.close();
  }

  destroy(): void {
    this.#isRetired = true;
    this.#http2.destroy();
  }

  call(path: string, message: Buffer, metadata: Metadata, scope: Scope): Promise<Buffer | "refused"> {
    return new Promise((resolve, reject) => {
      if (!this.isUsable) {
        // It went away between being chosen and being used: nothing was sent.
        resolve("refused");
        return;
      }
      let stream: ClientHttp2Stream;
      try {
        stream = this.#http2.request(requestHeaders(path, this.#target, metadata, scope, this.#scheme));
      } catch (error) {
        reject(new CallError("bad-request", `the call can't be sent on: ${String(error)}`));
        return;
      }
      this.#follow(stream, scope, resolve, reject);
      stream.end(frameMessage(message));
    });
  }

  #follow(
    stream: ClientHttp2Stream,
    scope: Scope,
    resolve: (outcome: Buffer | "refused") => void,
    reject: (error: CallError) => void,
  ): void {
    const startedMs = performance.now();
    const chunks: Buffer[] = [];
    let length = 0;
    let httpStatus = 0;
    let status: CallError | "ok" | undefined;
    let failure: CallError | undefined;
    this.streams += 1;
    const detach = scope.onCancel((error) => {
      failure ??= error;
      // A connection that has been silent all this time may be dead; the next call gets a fresh one.
      if (error.fault === "too-slow" && this.#lastDataMs < startedMs) this.retire();
      stream.close(constants.NGHTTP2_CANCEL);
      reject(error);
    });
    stream.on("response", (headers) => {
      this.#lastDataMs = performance.now();
      httpStatus = headers[":status"] ?? 0;
      if (headers["grpc-status"] !== undefined || httpStatus !== 200) status = statusError(headers, httpStatus) ?? "ok";
    });
    stream.on("trailers", (headers) => {
      status ??= statusError(headers as Record<string, string>, httpStatus) ?? "ok";
    });
    stream.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= this.#limits.maxReplyBytes) {
        chunks.push(chunk);
        return;
      }
      const message = `${this.#target} answered more than ${this.#limits.maxReplyBytes} bytes`;
      failure ??= new CallError("bad-reply", message);
      stream.close(constants.NGHTTP2_CANCEL);
    });
    stream.on("error", () => {
      // What it means is in the close that follows.
    });
    stream.once("close", () => {
      this.streams -= 1;
      detach();
      if (failure !== undefined) reject(failure);
      else if (status === "ok") settle(chunks, length, resolve, reject);
      else if (status !== undefined) reject(status);
      else if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) resolve("refused");
      else if (this.#failure !== undefined || this.#http2.destroyed) reject(this.#lost());
      else reject(resetError(this.#target, stream.rstCode));
    });
  }

  #lost(): CallError {
    return this.#failure ?? new CallError("unreachable", `the connection to ${this.#target} was lost`);
  }
}

function settle(
  chunks: readonly Buffer[],
  length: number,
  resolve: (message: Buffer) => void,
  reject: (error: CallError) => void,
): void {
  try {
    resolve(unframeMessage(chunks, length));
  } catch (error) {
    reject(error as CallError);
  }
}
