import { Server, ServerCredentials } from "@grpc/grpc-js";
import { createDeltaSubscription } from "./delta-subscription.ts";
import { deltaCodec, sotwCodec } from "./discovery-messages.ts";
import type { XdsEvent } from "./events.ts";
import { boundAddress, clearStaleSocket } from "./listen-address.ts";
import { SEES_ALL, type ViewFor } from "./node-view.ts";
import type { ResourceKey, ResourceStore } from "./resource-store.ts";
import { serviceDefinition, XDS_METHODS, type XdsMethod } from "./services.ts";
import { startSession, type Session, type SessionContext, type XdsCall } from "./session.ts";
import { createSotwSubscription } from "./sotw-subscription.ts";

export interface XdsServerOptions {
  /** `127.0.0.1:0` (a free port) or `unix:/path`. A socket file whose server is gone is replaced. */
  readonly address: string;
  readonly store: ResourceStore;
  /** Default: everyone may have everything. */
  readonly viewFor?: ViewFor;
  /** Default: plain text. */
  readonly credentials?: ServerCredentials;
  /** Nothing is sent before it resolves: a client that reconnects to a half-filled store would drop what it has. */
  readonly ready?: Promise<unknown>;
  readonly onEvent?: (event: XdsEvent) => void;
  /** Told of what went wrong where no client is to blame. */
  readonly onError?: (error: unknown) => void;
  /** Shown by Envoy as `control_plane.identifier`. Default `graphway`. */
  readonly identifier?: string;
  /** Routes wait this long at most for a client to take in new clusters and their endpoints. Default 5000. */
  readonly newClusterWaitMs?: number;
  /** Largest request; Istio's node metadata is large. Default 8 MiB. */
  readonly maxRequestBytes?: number;
  /** Streams of one connection. Default 1000. */
  readonly maxConcurrentStreams?: number;
}

/** A server that listens. */
export interface XdsServer {
  /** Where it listens, the port filled in. */
  readonly address: string;
  /**
   * Resolves once every connected client that wants these has accepted or refused what the store has of them, or after
   * `timeoutMs`; at once without clients.
   */
  whenAnswered(resources: readonly ResourceKey[], timeoutMs: number): Promise<void>;
  /** Ends all streams and stops listening. */
  close(): Promise<void>;
}

const KEEPALIVE_INTERVAL_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;
const CLOSE_GRACE_MS = 500;

/** Serves a store to Envoys and orchestrators: ADS and one service per type, each in both variants. */
export async function startXdsServer(options: XdsServerOptions): Promise<XdsServer> {
  const { store, onEvent, onError } = options;
  const sessions = new Set<Session>();
  const waiters = new Set<() => void>();
  let isOpen = options.ready === undefined;
  let pumpScheduled = false;

  const report = (run: () => void): void => {
    try {
      run();
    } catch (error) {
      onError?.(error);
    }
  };
  const context: SessionContext = {
    store,
    viewFor: options.viewFor ?? (() => SEES_ALL),
    emit: (event) => {
      report(() => onEvent?.(event));
    },
    isOpen: () => isOpen,
    newClusterWaitMs: options.newClusterWaitMs ?? 5000,
    onAnswer: () => {
      for (const check of waiters) check();
    },
    onEnd: (session) => {
      sessions.delete(session);
      for (const check of waiters) check();
    },
  };
  const open = openMethods(options.identifier ?? "graphway", context);

  /** Changes of one turn of the event loop go out together. */
  function schedulePump(): void {
    if (pumpScheduled) return;
    pumpScheduled = true;
    setImmediate(() => {
      pumpScheduled = false;
      for (const session of sessions) session.pump();
    });
  }

  const stopListening = store.onChange((changed) => {
    for (const session of sessions) session.changed(changed);
    schedulePump();
  });
  void options.ready?.then(
    () => {
      isOpen = true;
      schedulePump();
    },
    (error: unknown) => onError?.(error),
  );

  const server = new Server({
    "grpc.max_receive_message_length": options.maxRequestBytes ?? 8 * 1024 * 1024,
    "grpc.max_concurrent_streams": options.maxConcurrentStreams ?? 1000,
    "grpc.keepalive_time_ms": KEEPALIVE_INTERVAL_MS,
    "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
    "grpc.enable_channelz": 0,
  });
  for (const method of XDS_METHODS) {
    server.addService(serviceDefinition(method), {
      [method.method]: (call: XdsCall) => {
        sessions.add(open(call, method));
      },
    });
  }
  await clearStaleSocket(options.address);
  const port = await bind(server, options.address, options.credentials ?? ServerCredentials.createInsecure());

  return {
    address: boundAddress(options.address, port),
    whenAnswered: (resources, timeoutMs) => whenAnswered(sessions, waiters, resources, timeoutMs),
    async close() {
      stopListening();
      const down = shutDown(server);
      for (const session of sessions) session.close();
      await down;
    },
  };
}

function openMethods(identifier: string, context: SessionContext): (call: XdsCall, method: XdsMethod) => Session {
  const delta = { codec: deltaCodec(identifier), subscribe: createDeltaSubscription };
  const sotw = { codec: sotwCodec(identifier), subscribe: createSotwSubscription };
  return (call, method) =>
    method.variant === "delta" ? startSession(call, method, delta, context) : startSession(call, method, sotw, context);
}

function whenAnswered(
  sessions: ReadonlySet<Session>,
  waiters: Set<() => void>,
  resources: readonly ResourceKey[],
  timeoutMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    const open = new Map([...sessions].map((session) => [session, resources]));
    const finish = (): void => {
      clearTimeout(timer);
      waiters.delete(check);
      resolve();
    };
    const check = (): void => {
      for (const [session, pending] of open) {
        const left = sessions.has(session) ? pending.filter((one) => !session.hasAnswered(one)) : [];
        if (left.length === 0) open.delete(session);
        else open.set(session, left);
      }
      if (open.size === 0) finish();
    };
    const timer = setTimeout(finish, timeoutMs);
    waiters.add(check);
    check();
  });
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

/** Clients hold their streams open for ever, so an orderly end is asked for and then taken. */
function shutDown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown();
      // Connections that were cut are not always told to whoever waits for their end.
      resolve();
    }, CLOSE_GRACE_MS);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}
