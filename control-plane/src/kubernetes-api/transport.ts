import { Agent, ProxyAgent, Socks5ProxyAgent, type Dispatcher } from "undici";
import { ApiUnreachable } from "./api-client.ts";
import { sameTls, type ClusterAccess, type TlsMaterial } from "./cluster-access.ts";

export interface TransportLimits {
  /** Connections for calls; more calls than that wait. Watches have their own. */
  readonly connections: number;
  readonly connectTimeoutMs: number;
  /** A whole call with its answer; of a watch, the time until it stands. */
  readonly callTimeoutMs: number;
  /** An answer that is longer is refused. */
  readonly largestAnswerBytes: number;
}

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly retryAfter?: string;
  readonly text: string;
}

export interface StreamAnswer {
  readonly status: number;
  readonly retryAfter?: string;
  readonly body: Dispatcher.ResponseData["body"];
}

/** HTTP to one API server. Rejects with ApiUnreachable, never waits for ever. */
export interface Transport {
  call(call: Call): Promise<Answer>;
  /** The body is open until it ends or the signal aborts. */
  stream(call: Call): Promise<StreamAnswer>;
  close(): Promise<void>;
}

/** Idle connections are kept, and asked whether they live, for this long. */
const KEEP_ALIVE_MS = 30_000;
const MOST_WATCHES = 128;
/** A connection that the server closed while it was idle. */
const STALE_CONNECTION = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

interface Pools {
  readonly tls: TlsMaterial;
  readonly calls: Dispatcher;
  readonly watches: Dispatcher;
}

export function createTransport(access: ClusterAccess, limits: TransportLimits): Transport {
  const base = new URL(access.server);
  const prefix = base.pathname.replace(/\/+$/, "");
  let pools: Pools | undefined;

  function poolsFor(tls: TlsMaterial): Pools {
    if (pools !== undefined && sameTls(pools.tls, tls)) return pools;
    retire(pools);
    pools = {
      tls,
      calls: createPool(access, tls, limits, limits.connections, limits.largestAnswerBytes),
      watches: createPool(access, tls, limits, MOST_WATCHES, -1),
    };
    return pools;
  }

  async function send(call: Call, pool: "calls" | "watches", signal: AbortSignal, fresh = false) {
    const credentials = await access.credentials(fresh);
    const answer = await poolsFor(credentials.tls)[pool].request({
      origin: base.origin,
      path: prefix + call.path,
      method: call.method,
      headers: {
        accept: "application/json",
        "user-agent": "graphway",
        ...(call.body === undefined ? {} : { "content-type": call.contentType ?? "application/json" }),
        ...credentials.headers,
      },
      body: call.body ?? null,
      signal,
      headersTimeout: limits.callTimeoutMs,
      bodyTimeout: 0,
    });
    if (answer.statusCode !== 401 || fresh) return answer;
    await answer.body.dump();
    return send(call, pool, signal, true);
  }

  async function sendTwice(call: Call, pool: "calls" | "watches", signal: AbortSignal) {
    try {
      return await send(call, pool, signal);
    } catch (error) {
      if (call.method !== "GET" || signal.aborted || !STALE_CONNECTION.has(codeOf(error))) throw error;
      return send(call, pool, signal);
    }
  }

  /** What timed out may have left dead connections behind: the next calls get new ones. */
  function giveUp(error: unknown, call: Call, timer: TimeLimit): ApiUnreachable {
    if (timer.expired) {
      retire(pools);
      pools = undefined;
    }
    return unreachable(error, call, timer, base.origin);
  }

  return {
    call: async (call) => {
      const timer = limitTime(limits.callTimeoutMs, call.signal);
      try {
        const answer = await sendTwice(call, "calls", timer.signal);
        return { status: answer.statusCode, ...retryAfterOf(answer), text: await answer.body.text() };
      } catch (error) {
        throw giveUp(error, call, timer);
      } finally {
        timer.clear();
      }
    },
    stream: async (call) => {
      const timer = limitTime(limits.callTimeoutMs, call.signal);
      try {
        const answer = await sendTwice(call, "watches", timer.signal);
        answer.body.once("close", timer.clear);
        timer.stand();
        return { status: answer.statusCode, ...retryAfterOf(answer), body: answer.body };
      } catch (error) {
        timer.clear();
        throw giveUp(error, call, timer);
      }
    },
    close: async () => {
      const open = pools;
      pools = undefined;
      await Promise.all([open?.calls.destroy(), open?.watches.destroy()]);
    },
  };
}

function retire(pools: Pools | undefined): void {
  for (const pool of [pools?.calls, pools?.watches]) pool?.close().catch(() => undefined);
}

function createPool(
  access: ClusterAccess,
  tls: TlsMaterial,
  limits: TransportLimits,
  connections: number,
  maxResponseSize: number,
): Dispatcher {
  const tlsOptions = { ...tls };
  const pool = { connections, pipelining: 1, allowH2: false, keepAliveTimeout: KEEP_ALIVE_MS, maxResponseSize };
  const tcp = { timeout: limits.connectTimeoutMs, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
  if (access.proxyUrl === undefined) return new Agent({ ...pool, connect: { ...tlsOptions, ...tcp } });
  if (access.proxyUrl.startsWith("socks")) {
    const uri = access.proxyUrl.replace(/^socks5h?:/, "socks5:");
    return new Socks5ProxyAgent(uri, { ...pool, requestTls: { ...tlsOptions, ...tcp } });
  }
  return new ProxyAgent({ ...pool, uri: access.proxyUrl, requestTls: tlsOptions, connect: tcp });
}

interface TimeLimit {
  readonly signal: AbortSignal;
  readonly expired: boolean;
  /** No more limit; the caller's signal still counts. */
  stand(): void;
  readonly clear: () => void;
}

function limitTime(timeoutMs: number, outer: AbortSignal | undefined): TimeLimit {
  const controller = new AbortController();
  let expired = false;
  const abort = (): void => {
    controller.abort();
  };
  const timer = setTimeout(() => {
    expired = true;
    abort();
  }, timeoutMs);
  outer?.addEventListener("abort", abort, { once: true });
  if (outer?.aborted === true) abort();
  const stand = (): void => {
    clearTimeout(timer);
  };
  return {
    signal: controller.signal,
    get expired() {
      return expired;
    },
    stand,
    clear: () => {
      stand();
      outer?.removeEventListener("abort", abort);
    },
  };
}

function retryAfterOf(answer: Dispatcher.ResponseData): { retryAfter?: string } {
  const value = answer.headers["retry-after"];
  return typeof value === "string" ? { retryAfter: value } : {};
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function unreachable(error: unknown, call: Call, timer: TimeLimit, origin: string): ApiUnreachable {
  const where = `${call.method} ${origin}${call.path.split("?", 1)[0] ?? ""}`;
  if (timer.expired) return new ApiUnreachable(`${where}: no answer in time`, { cause: error });
  const what = error instanceof Error ? error.message : String(error);
  return new ApiUnreachable(`${where}: ${what}`, { cause: error });
}
