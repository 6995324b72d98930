import { Client, type ChannelCredentials, type ClientDuplexStream, Metadata, status } from "@grpc/grpc-js";
import { envoy } from "#proto/gen/discovery.js";
import { waitMs, type BackOff } from "../../kubernetes-api/back-off.ts";
import { sleep, systemClock, type Clock } from "../../kubernetes-api/clock.ts";
import type { EncodedResource } from "../../render/xds/resource.ts";

const { DeltaDiscoveryRequest, DeltaDiscoveryResponse } = envoy.service.discovery.v3;
type RequestFields = envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties;

/** What a server says of one type: what is new or changed, and what is gone. */
export interface DeltaUpdate {
  readonly typeUrl: string;
  readonly resources: readonly EncodedResource[];
  readonly removed: readonly string[];
}

export interface DeltaStreamOptions {
  /** `host:port` or `unix:/path`. */
  readonly address: string;
  readonly credentials: ChannelCredentials;
  readonly node: { readonly id: string; readonly cluster: string };
  /** Everything of these types is asked for. */
  readonly typeUrls: readonly string[];
  /** Read anew for every stream, so that it may be rotated; undefined: none is sent. Rejections count as a failed try. */
  readonly token: () => Promise<string | undefined>;
  /** Name -> version of what is still there from before. */
  readonly held: (typeUrl: string) => ReadonlyMap<string, string>;
  /** Takes an update in. Undefined accepts it; a text refuses it and says why. Updates of one type come one after the other. */
  readonly take: (update: DeltaUpdate) => Promise<string | undefined>;
  readonly onConnection?: (isConnected: boolean, reason?: string) => void;
  readonly clock?: Clock;
  readonly backOff?: BackOff;
}

export interface DeltaStream {
  /** Ends the stream that is open, and opens another with what is held then. */
  renew(): void;
  /** Ends the stream; resolves when nothing runs any more. */
  close(): Promise<void>;
}

const METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
const BACK_OFF: BackOff = { firstMs: 200, longestMs: 5000 };
/** A server that cuts its responses at 3 MiB may still send one resource of many. */
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;
/** A server that is gone without a word is noticed within these. */
const CHANNEL = {
  "grpc.max_receive_message_length": MAX_RESPONSE_BYTES,
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5000,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.initial_reconnect_backoff_ms": 200,
  "grpc.max_reconnect_backoff_ms": 2000,
  "grpc.enable_channelz": 0,
};

/** Keeps one incremental ADS stream open for as long as it is wanted; what was held is not sent again. */
export function openDeltaStream(options: DeltaStreamOptions): DeltaStream {
  const { clock = systemClock, backOff = BACK_OFF } = options;
  const client = new Client(options.address, options.credentials, CHANNEL);
  const stop = new AbortController();
  const isStopped = (): boolean => stop.signal.aborted;
  let ending = new AbortController();

  async function run(): Promise<void> {
    let failures = 0;
    while (!isStopped()) {
      ending = new AbortController();
      const { reason, answered } = await oneStream(client, options, AbortSignal.any([stop.signal, ending.signal]));
      if (isStopped()) break;
      options.onConnection?.(false, reason);
      failures = answered ? 1 : failures + 1;
      await sleep(clock, waitMs(backOff, failures, clock), stop.signal);
    }
    client.close();
  }

  const ended = run();
  return {
    renew: () => {
      ending.abort();
    },
    close: async () => {
      stop.abort();
      await ended;
    },
  };
}

interface StreamEnd {
  readonly reason: string;
  /** The server said something useful before. */
  readonly answered: boolean;
}

/** Resolves when the stream has ended. */
async function oneStream(client: Client, options: DeltaStreamOptions, signal: AbortSignal): Promise<StreamEnd> {
  const metadata = new Metadata();
  try {
    const token = await options.token();
    if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
  } catch (error) {
    return { reason: `the token can't be read: ${messageOf(error)}`, answered: false };
  }
  const pass = (bytes: Buffer): Buffer => bytes;
  const call = client.makeBidiStreamRequest(METHOD, pass, pass, metadata);
  const abort = (): void => {
    call.cancel();
  };
  signal.addEventListener("abort", abort, { once: true });
  const work = followStream(call, options);
  const end = await new Promise<string>((resolve) => {
    call.on("error", () => undefined); // the status tells
    call.on("status", ({ code, details }) => {
      resolve(code === status.OK ? "the server ended the stream" : `${status[code]}: ${details}`);
    });
  });
  signal.removeEventListener("abort", abort);
  await work.settled();
  return { reason: end, answered: work.hasAnswered() };
}

/** Asks for everything, and answers what comes. */
function followStream(call: ClientDuplexStream<Buffer, Buffer>, options: DeltaStreamOptions) {
  let answered = false;
  let isOpen = true;
  /** What each type is busy with. */
  const busy = new Map<string, Promise<void>>();
  const send = (fields: RequestFields): void => {
    if (isOpen) call.write(Buffer.from(DeltaDiscoveryRequest.encode(fields).finish()));
  };

  async function answer(bytes: Buffer): Promise<void> {
    const { typeUrl, nonce, update } = decode(bytes);
    let refusal: string | undefined;
    try {
      refusal = await options.take(update);
    } catch (error) {
      refusal = messageOf(error);
    }
    const errorDetail =
      refusal === undefined ? {} : { errorDetail: { code: status.INVALID_ARGUMENT, message: refusal } };
    send({ typeUrl, responseNonce: nonce, ...errorDetail });
  }

  call.on("data", (bytes: Buffer) => {
    if (!answered) options.onConnection?.(true);
    answered = true;
    const typeUrl = DeltaDiscoveryResponse.decode(bytes).typeUrl;
    const turn = (busy.get(typeUrl) ?? Promise.resolve()).then(() => answer(bytes));
    busy.set(
      typeUrl,
      turn.catch((error: unknown) => {
        call.destroy(error instanceof Error ? error : new Error(String(error)));
      }),
    );
  });
  for (const event of ["status", "close"])
    call.on(event, () => {
      isOpen = false;
    });
  options.typeUrls.forEach((typeUrl, index) => {
    const initialResourceVersions = Object.fromEntries(options.held(typeUrl));
    const node = index === 0 ? { node: { ...options.node } } : {};
    send({ typeUrl, resourceNamesSubscribe: ["*"], initialResourceVersions, ...node });
  });
  return {
    hasAnswered: () => answered,
    settled: async () => {
      await Promise.all(busy.values());
    },
  };
}

function decode(bytes: Buffer): { readonly typeUrl: string; readonly nonce: string; readonly update: DeltaUpdate } {
  const { typeUrl, nonce, resources, removedResources } = DeltaDiscoveryResponse.decode(bytes);
  const read = resources.map(({ name, version, resource }): EncodedResource => ({
    typeUrl,
    name: name ?? "",
    version: version ?? "",
    // A copy: what is kept for long must not hold the whole response.
    bytes: Uint8Array.from(resource?.value ?? []),
  }));
  return { typeUrl, nonce, update: { typeUrl, resources: read, removed: removedResources } };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
