import { UnaryClient } from "./grpc/unary-client.ts";
import type { PoolLimits } from "./pool-limits.ts";
import { HttpTransport } from "./rest/http-transport.ts";

/**
 * The connections to nodes, one pool per host and port. Every graph version that uses an endpoint holds it, so a new
 * version finds warm connections; the last one to let go closes it.
 */
export class Endpoints {
  readonly #limits: PoolLimits;
  readonly #http = new Map<string, Held<HttpTransport>>();
  readonly #grpc = new Map<string, Held<UnaryClient>>();

  constructor(limits: PoolLimits) {
    this.#limits = limits;
  }

  /** What a node's reply may grow to. */
  get maxReplyBytes(): number {
    return this.#limits.maxReplyBytes;
  }

  holdHttp(host: string, port: number): Lease<HttpTransport> {
    return hold(this.#http, `${host} ${port}`, () => new HttpTransport(host, port, this.#limits));
  }

  holdGrpc(host: string, port: number): Lease<UnaryClient> {
    return hold(this.#grpc, `${host} ${port}`, () => new UnaryClient(host, port, this.#limits));
  }

  /** Drops every connection, in use or not; for the end of the process. */
  destroy(): void {
    for (const { resource } of [...this.#grpc.values(), ...this.#http.values()]) resource.destroy();
  }
}

/** A hold on a shared resource; `release` once, after the last use. */
export interface Lease<T> {
  readonly resource: T;
  readonly release: () => void;
}

interface Held<T> {
  readonly resource: T;
  holders: number;
}

function hold<T extends { close(): unknown }>(all: Map<string, Held<T>>, key: string, make: () => T): Lease<T> {
  let held = all.get(key);
  if (held === undefined) {
    held = { resource: make(), holders: 0 };
    all.set(key, held);
  }
  const mine = held;
  mine.holders += 1;
  return {
    resource: mine.resource,
    release: () => {
      mine.holders -= 1;
      if (mine.holders > 0) return;
      all.delete(key);
      mine.resource.close();
    },
  };
}
