import { CallError } from "../../execute/call-error.ts";
import type { Scope } from "../../execute/scope.ts";
import type { PoolLimits, PoolLoad } from "../pool-limits.ts";
import type { NotBegun, Outcome } from "./node-call.ts";
import type { NodeStream } from "./node-stream.ts";
import type { Metadata } from "./request-headers.ts";
import { Session } from "./session.ts";

const MAX_SESSIONS = 4;
/** A node may refuse a call once; connections may end before it is sent more often, with each node that restarts. */
const MAX_REFUSALS = 1;
const MAX_ATTEMPTS = 20;

/** How often a call that was never begun goes elsewhere. */
class Attempts {
  #refusals = 0;
  #count = 0;

  mayRepeat(why: NotBegun): boolean {
    this.#count += 1;
    if (why === "refused") this.#refusals += 1;
    return this.#refusals <= MAX_REFUSALS && this.#count < MAX_ATTEMPTS;
  }
}

/** gRPC calls to one host and port: messages are bytes both ways. */
export class UnaryClient {
  readonly #host: string;
  readonly #port: number;
  readonly #limits: PoolLimits;
  #sessions: Session[] = [];
  #inFlight = 0;
  #isClosed = false;

  constructor(host: string, port: number, limits: PoolLimits) {
    this.#host = host;
    this.#port = port;
    this.#limits = limits;
  }

  get load(): PoolLoad {
    let waiting = 0;
    for (const session of this.#sessions) waiting += session.waiting;
    return { inUse: this.#inFlight - waiting, waiting };
  }

  /** Calls `/package.Service/Method`. Throws CallError: the node's status, unreachable, overloaded, or the scope's. */
  async call(path: string, message: Buffer, metadata: Metadata, scope: Scope): Promise<Buffer> {
    this.#enter();
    try {
      // The call was never begun, so that nothing is done twice.
      for (const attempts = new Attempts(); ;) {
        const outcome = await this.#attempt(path, message, metadata, scope);
        if (typeof outcome !== "string") return outcome;
        if (!attempts.mayRepeat(outcome))
          throw new CallError("unreachable", `${this.#host}:${this.#port} refused the call`);
      }
    } finally {
      this.#leave();
    }
  }

  /**
   * Calls a method that answers with a stream of messages; resolves when the node has begun to answer. Throws CallError,
   * as reading the stream does.
   */
  async stream(path: string, message: Buffer, metadata: Metadata, scope: Scope): Promise<NodeStream> {
    for (const attempts = new Attempts(); ;) {
      const stream = await this.#openStream(path, message, metadata, scope);
      const notBegun = await stream.begun;
      // One that may not go elsewhere says why when it is read.
      if (notBegun === undefined || !attempts.mayRepeat(notBegun)) return stream;
    }
  }

  async #openStream(path: string, message: Buffer, metadata: Metadata, scope: Scope): Promise<NodeStream> {
    this.#enter();
    try {
      if (scope.error !== undefined) throw scope.error;
      const session = this.#session();
      if (!session.isReady) await session.ready(scope);
      return session.stream(path, message, metadata, scope, () => {
        this.#leave();
      });
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  #enter(): void {
    if (this.#inFlight >= this.#limits.connections + this.#limits.queue) {
      throw new CallError("overloaded", `too many requests wait for ${this.#host}:${this.#port}`);
    }
    this.#inFlight += 1;
  }

  #leave(): void {
    this.#inFlight -= 1;
    if (this.#isClosed && this.#inFlight === 0) this.#closeSessions();
  }

  async #attempt(path: string, message: Buffer, metadata: Metadata, scope: Scope): Promise<Outcome> {
    if (scope.error !== undefined) throw scope.error;
    const session = this.#session();
    if (!session.isReady) await session.ready(scope);
    return session.call(path, message, metadata, scope);
  }

  #session(): Session {
    if (!this.#sessions.every((one) => one.isUsable)) this.#sessions = this.#sessions.filter((one) => one.isUsable);
    let best: Session | undefined;
    for (const one of this.#sessions) if (best === undefined || one.streams < best.streams) best = one;
    if (best !== undefined && (best.streams < best.maxStreams || this.#sessions.length >= MAX_SESSIONS)) return best;
    const made = new Session(this.#host, this.#port, this.#limits);
    this.#sessions.push(made);
    return made;
  }

  /** Closes once what is in flight has ended. */
  close(): void {
    this.#isClosed = true;
    if (this.#inFlight === 0) this.#closeSessions();
  }

  destroy(): void {
    this.#isClosed = true;
    for (const session of this.#sessions) session.destroy();
  }

  #closeSessions(): void {
    for (const session of this.#sessions) session.retire();
  }
}
