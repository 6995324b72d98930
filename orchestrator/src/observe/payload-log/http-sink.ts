import { createRequire } from "node:module";
import type { Pool as UndiciPool } from "undici";
import { eventHeaders } from "./cloud-event.ts";
import { postOnce } from "./http-post.ts";
import { targetOf, type HttpTarget } from "./http-target.ts";
import type { Delivery, ReadyEvent, Sink } from "./sink.ts";

type Pool = InstanceType<typeof UndiciPool>;

export interface HttpSinkSettings {
  /** Where nodes without a URL of their own are logged to; absent: nowhere. */
  readonly defaultUrl: string | undefined;
  /** The events' `source`; asked for when one is sent. */
  readonly source: () => string;
  /** For one post as a whole, with its connection. */
  readonly postTimeoutMs: number;
  /** Connections per host. */
  readonly connections: number;
}

/** Hosts with open connections; more are served by closing the one that was met first. */
const MAX_ORIGINS = 32;
const MAX_TARGETS = 1024;

/** Posts each event to its node's URL: CloudEvents in HTTP binary mode over connections that are kept. */
export class HttpSink implements Sink {
  readonly name = "http";
  readonly maxBatchEvents = 1;
  readonly maxBatchBytes = Infinity;
  readonly #settings: HttpSinkSettings;
  readonly #targets = new Map<string, HttpTarget>();
  readonly #pools = new Map<string, Pool>();

  constructor(settings: HttpSinkSettings) {
    this.#settings = settings;
  }

  async deliver(events: readonly ReadyEvent[]): Promise<Delivery> {
    let last: Delivery = { outcome: "sent" };
    for (const one of events) last = await this.#post(one);
    return last;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
    this.#pools.clear();
  }

  #post({ event, body }: ReadyEvent): Promise<Delivery> | Delivery {
    const { defaultUrl, source, postTimeoutMs } = this.#settings;
    const url = event.node.logger?.url || defaultUrl;
    if (url === undefined) {
      const reason = `node ${event.node.name} has no logger.url, and REQUEST_LOGGER_DEFAULT_ENDPOINT is not set`;
      return { outcome: "no_endpoint", reason };
    }
    const { origin, path, authorization } = this.#targetOf(url);
    const headers = eventHeaders(event, body, source());
    if (authorization !== "") headers.push("Authorization", authorization);
    return postOnce(this.#poolOf(origin), origin, { path, headers, chunks: body.chunks }, postTimeoutMs);
  }

  #targetOf(url: string): HttpTarget {
    let target = this.#targets.get(url);
    if (target === undefined) {
      if (this.#targets.size >= MAX_TARGETS) this.#targets.clear();
      target = targetOf(url);
      this.#targets.set(url, target);
    }
    return target;
  }

  #poolOf(origin: string): Pool {
    let pool = this.#pools.get(origin);
    if (pool === undefined) {
      if (this.#pools.size >= MAX_ORIGINS) this.#closeOldest();
      const { connections, postTimeoutMs } = this.#settings;
      pool = new (loadPool())(origin, {
        connections,
        pipelining: 1,
        allowH2: false,
        // The post's own deadline holds.
        headersTimeout: 0,
        bodyTimeout: 0,
        keepAliveTimeout: 4_000,
        connect: { timeout: postTimeoutMs },
      });
      this.#pools.set(origin, pool);
    }
    return pool;
  }

  #closeOldest(): void {
    for (const [origin, pool] of this.#pools) {
      this.#pools.delete(origin);
      // What it is doing ends first, each post by its own deadline.
      void pool.close();
      return;
    }
  }
}

/** The pool alone, loaded by the first event: the whole of undici costs twice as much to load. */
function loadPool(): typeof UndiciPool {
  return createRequire(import.meta.url)("undici/lib/dispatcher/pool.js") as typeof UndiciPool;
}
