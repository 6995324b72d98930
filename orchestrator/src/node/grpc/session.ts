import { connect as connectPlain, isIP } from "node:net";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { CallError } from "../../execute/call-error.ts";
import type { Scope } from "../../execute/scope.ts";
import { ClientConnection } from "../../http2/client-connection.ts";
import { patientTimeout } from "../patient-timeout.ts";
import type { PoolLimits } from "../pool-limits.ts";
import { NodeCall, type CallTarget, type Outcome, type SentCall } from "./node-call.ts";
import { NodeStream } from "./node-stream.ts";
import type { Metadata } from "./request-headers.ts";

const STREAMS_PER_SESSION = 100;
/** TCP asks a silent node whether it is there; HTTP/2 pings are what gRPC servers punish. */
const KEEP_ALIVE_MS = 30_000;

/** One HTTP/2 connection. Never reconnects: a lost one is left, and the client opens another. */
export class Session {
  readonly #socket: Socket;
  readonly #connection: ClientConnection;
  readonly #target: CallTarget;
  readonly #connected: Promise<CallError | undefined>;
  /** In the order they came; those that are given up leave at once, and their messages with them. */
  readonly #waiting: (NodeCall | NodeStream)[] = [];
  #isConnected = false;
  #failure: CallError | undefined;
  #isRetired = false;
  /** Calls under way, and those that wait for a stream. */
  streams = 0;

  constructor(host: string, port: number, limits: PoolLimits) {
    const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    this.#target = {
      authority,
      scheme: limits.tls === undefined ? "http" : "https",
      maxReplyBytes: limits.maxReplyBytes,
      onSilence: (sinceMs) => {
        // A connection that has been silent all this time may be dead; the next call gets a fresh one.
        if (this.#connection.lastReadMs < sinceMs) this.retire();
      },
      onOver: (call) => {
        this.streams -= 1;
        if (!call.isSent) this.#forget(call);
        this.#startWaiting();
      },
    };
    this.#socket = openSocket(host, port, limits);
    this.#socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
    let settle: (error: CallError | undefined) => void = () => {};
    this.#connected = new Promise((resolve) => (settle = resolve));
    const stopWaiting = patientTimeout(limits.connectTimeoutMs, () => {
      this.#connection.destroy(`no connection within ${limits.connectTimeoutMs} ms`);
    });
    this.#connection = new ClientConnection(this.#socket, {
      onSettings: () => {
        stopWaiting();
        this.#isConnected = true;
        this.#socket.unref();
        settle(undefined);
        this.#startWaiting();
      },
      onGoaway: () => {
        this.#isRetired = true;
        this.#refuseWaiting();
        this.retire();
      },
      onStreamClosed: () => {
        this.#startWaiting();
      },
      onEnd: (error: Error & { code?: string }) => {
        stopWaiting();
        this.#isRetired = true;
        const why = this.#isConnected ? "closed the connection" : "can't be reached by gRPC";
        this.#failure = new CallError("unreachable", `${authority} ${why} (${reasonOf(error)})`);
        settle(this.#failure);
        this.#refuseWaiting();
      },
    });
    if (limits.tls !== undefined) {
      this.#socket.once("secureConnect", () => {
        this.#checkProtocol();
      });
    }
  }

  get isUsable(): boolean {
    return !this.#isRetired && this.#connection.hasNumbers;
  }

  get maxStreams(): number {
    return Math.max(1, Math.min(STREAMS_PER_SESSION, this.#connection.peer.maxConcurrentStreams));
  }

  /** Resolves when calls can be sent. Throws CallError where that fails, or the scope ends. */
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

  /** Calls that wait for a stream. */
  get waiting(): number {
    return this.#waiting.length;
  }

  get isReady(): boolean {
    return this.#isConnected;
  }

  /** Takes no further calls, and closes when those in flight have ended. */
  retire(): void {
    this.#isRetired = true;
    if (this.streams === 0) this.#close();
  }

  destroy(): void {
    this.#isRetired = true;
    this.#connection.destroy("it was given up");
  }

  call(path: string, message: Buffer, metadata: Metadata, scope: Scope): Promise<Outcome> {
    // It may have gone away between being chosen and being used: nothing was sent.
    if (!this.isUsable) return UNSENT;
    this.streams += 1;
    const call = new NodeCall(this.#target, path, message, metadata, scope);
    this.#start(call);
    return call.outcome;
  }

  /** A call that is answered by a stream of messages; `onOver` hears of its end. */
  stream(path: string, message: Buffer, metadata: Metadata, scope: Scope, onOver: () => void): NodeStream {
    this.streams += 1;
    const over = (ended: SentCall): void => {
      this.#target.onOver(ended);
      onOver();
    };
    const call = new NodeStream({ ...this.#target, onOver: over }, path, message, metadata, scope);
    if (this.isUsable) this.#start(call);
    else call.giveUp("unsent");
    return call;
  }

  #start(call: NodeCall | NodeStream): void {
    this.#waiting.push(call);
    this.#startWaiting();
  }

  #forget(call: SentCall): void {
    const at = this.#waiting.findIndex((one) => one === call);
    if (at !== -1) this.#waiting.splice(at, 1);
  }

  /** A node that has said goodbye would not answer what is sent to it now (RFC 9113 §6.8): it goes elsewhere. */
  #refuseWaiting(): void {
    for (const call of this.#waiting.splice(0)) call.giveUp("unsent");
  }

  /** HTTP/2 over TLS has to be agreed upon (RFC 9113 §3.2). */
  #checkProtocol(): void {
    const { alpnProtocol } = this.#socket as Pick<TLSSocket, "alpnProtocol"> & Socket;
    if (alpnProtocol === "h2") return;
    const instead = typeof alpnProtocol === "string" ? alpnProtocol : "no protocol";
    this.#connection.destroy(`its TLS agreed to ${instead}, and gRPC needs h2`);
  }

  #startWaiting(): void {
    if (!this.#connection.hasNumbers) this.#refuseWaiting();
    while (this.#waiting.length > 0 && this.#connection.failure === undefined) {
      if (this.#connection.streams.size >= this.#connection.peer.maxConcurrentStreams) return;
      this.#waiting.shift()?.start(this.#connection);
    }
    if (this.#isRetired && this.streams === 0) this.#close();
  }

  #close(): void {
    if (!this.#socket.writableEnded) this.#socket.end();
  }
}

/** What ended a connection. A TLS server with other protocols than ours alone may say so in an alert (RFC 7301 §3.2). */
function reasonOf(error: Error & { code?: string }): string {
  if (/alert number 120\b|no.application.protocol/i.test(error.message)) return "its TLS has no h2, which gRPC needs";
  return error.code ?? error.message;
}

const UNSENT: Promise<Outcome> = Promise.resolve("unsent");

function openSocket(host: string, port: number, limits: PoolLimits): Socket {
  if (limits.tls === undefined) return connectPlain({ host, port });
  const { connect } = process.getBuiltinModule("node:tls");
  const name = isIP(host) === 0 ? { servername: host } : {};
  return connect({ host, port, ...name, ALPNProtocols: ["h2"], ...limits.tls.current() });
}
