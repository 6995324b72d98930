import { status, type ServerDuplexStream } from "@grpc/grpc-js";
import { createClientStream, StreamLimitError, type ClientStream, type SubscriptionFactory } from "./client-stream.ts";
import type { MessageCodec } from "./discovery-messages.ts";
import type { NamedVersion, XdsEvent, XdsPeer } from "./events.ts";
import type { NodeView, ViewFor, XdsNode } from "./node-view.ts";
import type { ChangedNames, ResourceKey, ResourceStore } from "./resource-store.ts";
import type { XdsMethod } from "./services.ts";
import { StreamRefused } from "./stream-refused.ts";
import type { Receipt, SubscriptionRequest } from "./subscription.ts";

/** What every session of a server shares. */
export interface SessionContext {
  readonly store: ResourceStore;
  readonly viewFor: ViewFor;
  readonly emit: (event: XdsEvent) => void;
  readonly isOpen: () => boolean;
  readonly newClusterWaitMs: number;
  /** Called after a client has answered something. */
  readonly onAnswer: () => void;
  readonly onEnd: (session: Session) => void;
}

/** One open stream. */
export interface Session {
  changed(changed: ChangedNames): void;
  /** Sends what is due and the connection can take. */
  pump(): void;
  hasAnswered(resource: ResourceKey): boolean;
  /** Ends the stream in good order. */
  close(): void;
}

/** How one variant of the protocol is spoken. */
export interface Variant<Request extends SubscriptionRequest> {
  readonly codec: MessageCodec<Request>;
  readonly subscribe: SubscriptionFactory<Request>;
}

export type XdsCall = ServerDuplexStream<Buffer, Buffer>;

let streams = 0;

/** Serves one stream until either side ends it. Nothing that happens on it ends the process. */
export function startSession<Request extends SubscriptionRequest>(
  call: XdsCall,
  method: XdsMethod,
  { codec, subscribe }: Variant<Request>,
  context: SessionContext,
): Session {
  let peer: XdsPeer | undefined;
  let stream: ClientStream<Request> | undefined;
  let blocked = false;
  let ended = false;
  let wake: NodeJS.Timeout | undefined;
  /** What came while it is being found out what the node may see. */
  let held: Buffer[] | undefined;

  function end(reason: string | undefined, code?: status): void {
    if (ended) return;
    ended = true;
    clearTimeout(wake);
    context.onEnd(session);
    if (peer !== undefined) context.emit({ kind: "disconnect", peer, ...(reason === undefined ? {} : { reason }) });
    if (code === undefined) call.end();
    else call.emit("error", { code, details: reason ?? "" });
  }

  /** Runs a callback of the stream; whatever it throws ends this stream and nothing else. */
  function guarded(run: () => void): void {
    if (ended) return;
    try {
      run();
    } catch (cause) {
      end(String(cause instanceof Error ? cause.message : cause), codeOf(cause));
    }
  }

  /** Finds out what the node may see; where that takes time, nothing more is read before it is known. */
  function meet(node: XdsNode | undefined, bytes: Buffer): void {
    if (node === undefined) throw new StreamRefused(status.INVALID_ARGUMENT, "the first request names no node");
    const headers = (name: string): readonly string[] => call.metadata.get(name).map(String);
    const view = context.viewFor(node, (name) => headers(name)[0], { address: addressOf(call.getPeer()), headers });
    if (!(view instanceof Promise)) {
      stream = admit(node, view);
      return;
    }
    held = [bytes];
    call.pause();
    const go = (admitted: () => NodeView | undefined): void => {
      guarded(() => {
        stream = admit(node, admitted());
        const waiting = held ?? [];
        held = undefined;
        for (const one of waiting) receive(one);
        call.resume();
      });
    };
    view.then(
      (known) => {
        go(() => known);
      },
      (cause: unknown) => {
        go(() => {
          throw cause;
        });
      },
    );
  }

  function admit(node: XdsNode, view: NodeView | undefined): ClientStream<Request> {
    if (view === undefined) throw new StreamRefused(status.PERMISSION_DENIED, `node ${node.id} may have nothing here`);
    streams += 1;
    peer = { stream: streams, node, method: `${method.service}/${method.method}` };
    context.emit({ kind: "connect", peer });
    const { store, newClusterWaitMs } = context;
    return createClientStream({ store, view, subscribe, newClusterWaitMs, nowMs: () => performance.now() });
  }

  function receive(bytes: Buffer): void {
    if (held !== undefined) {
      held.push(bytes);
      return;
    }
    const message = decode(bytes);
    const typeUrl = typeOf(message.typeUrl, method);
    if (stream === undefined) meet(message.node, bytes);
    if (stream === undefined) return;
    const before = stream.interest(typeUrl)?.revision;
    const receipt = stream.receive(typeUrl, message.request);
    reportInterest(typeUrl, before, message.request);
    reportReceipt(typeUrl, receipt);
    pump();
    if (receipt.kind === "ack" || receipt.kind === "nack") context.onAnswer();
  }

  function decode(bytes: Buffer): ReturnType<MessageCodec<Request>["decode"]> {
    try {
      return codec.decode(bytes);
    } catch (cause) {
      throw new StreamRefused(status.INVALID_ARGUMENT, `not a discovery request: ${String(cause)}`);
    }
  }

  function reportInterest(typeUrl: string, before: number | undefined, { initialVersions }: Request): void {
    const interest = stream?.interest(typeUrl);
    if (peer === undefined || interest === undefined || interest.revision === before) return;
    const { wildcard, names } = interest;
    const held = [...(before === undefined ? (initialVersions ?? []) : [])].map(([name, version]) => ({
      name,
      version,
    }));
    const known = held.length === 0 ? {} : { held };
    context.emit({ kind: "subscribe", peer, typeUrl, wildcard, names: [...names], ...known });
  }

  function reportReceipt(typeUrl: string, receipt: Receipt): void {
    if (peer === undefined || receipt.kind === "none" || receipt.kind === "stale") return;
    const resources = receipt.response.resources.map(({ name, resource }): NamedVersion => ({
      name,
      version: resource.version,
    }));
    if (receipt.kind === "ack") context.emit({ kind: "ack", peer, typeUrl, resources });
    else context.emit({ kind: "nack", peer, typeUrl, resources, message: receipt.message });
  }

  function pump(): void {
    if (stream === undefined || !context.isOpen()) return;
    while (!blocked && !ended) {
      const due = stream.next();
      if (due === undefined) break;
      blocked = !call.write(Buffer.from(codec.encode(due.typeUrl, due.response)));
    }
    scheduleWake(stream.wakeAtMs());
  }

  function scheduleWake(atMs: number | undefined): void {
    clearTimeout(wake);
    if (atMs === undefined || ended) return;
    wake = setTimeout(
      () => {
        guarded(pump);
      },
      Math.max(1, atMs - performance.now()),
    );
  }

  const session: Session = {
    changed: (changed) => {
      guarded(() => stream?.changed(changed));
    },
    pump: () => {
      guarded(pump);
    },
    hasAnswered: (resource) => ended || stream === undefined || stream.hasAnswered(resource),
    close: () => {
      end("the server closes", status.UNAVAILABLE);
    },
  };

  call.on("data", (bytes: Buffer) => {
    guarded(() => {
      receive(bytes);
    });
  });
  call.on("drain", () => {
    blocked = false;
    guarded(pump);
  });
  call.on("end", () => {
    end(undefined);
  });
  call.on("cancelled", () => {
    end(undefined);
  });
  call.on("close", () => {
    end(undefined);
  });
  call.on("error", (cause: Error) => {
    end(cause.message);
  });
  return session;
}

function typeOf(requested: string, { typeUrl: served, method }: XdsMethod): string {
  if (served === undefined) {
    if (requested === "") throw new StreamRefused(status.INVALID_ARGUMENT, "the request names no type_url");
    return requested;
  }
  if (requested !== "" && requested !== served)
    throw new StreamRefused(status.INVALID_ARGUMENT, `${method} serves ${served}, not ${requested}`);
  return served;
}

/** The address in `10.0.0.7:1234` and `[::1]:1234`; anything else has none. */
function addressOf(peer: string): string {
  return /^\[?([\d.]+|[\da-fA-F:.]+)\]?:\d+$/.exec(peer)?.[1] ?? "";
}

function codeOf(cause: unknown): status {
  if (cause instanceof StreamRefused) return cause.code;
  return cause instanceof StreamLimitError ? status.RESOURCE_EXHAUSTED : status.INTERNAL;
}
