import { readFile } from "node:fs/promises";
import { Client, credentials, Metadata, type ClientDuplexStream } from "@grpc/grpc-js";
import { envoy } from "#proto/gen/discovery.js";
import type { Identity } from "../graph/draft.ts";
import type { Graph } from "../graph/graph.ts";
import type { Logger } from "../observe/log.ts";
import { GraphState, type Answer } from "./graph-state.ts";

const METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 10_000;
const wire = envoy.service.discovery.v3;
type Stream = ClientDuplexStream<
  envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties,
  envoy.service.discovery.v3.DeltaDiscoveryResponse
>;

export interface SubscriptionOptions {
  /** host:port, or unix:/path. */
  readonly server: string;
  /** Read anew for every connection: projected tokens are renewed. */
  readonly tokenFile: string | undefined;
  readonly identity: Identity;
  /** A graph to serve from now on. */
  readonly onGraph: (graph: Graph) => void;
  readonly log: Logger;
}

export interface Subscription {
  /** Settles when the first graph has been taken into service; never, if none comes. */
  readonly firstGraph: Promise<void>;
  stop(): void;
}

/**
 * Keeps the graph as the control plane says it, over delta ADS. A refused graph is NACKed with the reason; it, a
 * removal, or a lost connection leave the last good graph in service. Connects again for ever, with growing pauses.
 */
export function subscribeToGraph(options: SubscriptionOptions): Subscription {
  const subscription = new GraphSubscription(options);
  void subscription.connect();
  return subscription;
}

class GraphSubscription implements Subscription {
  readonly firstGraph: Promise<void>;
  readonly #options: SubscriptionOptions;
  readonly #client: Client;
  readonly #state: GraphState;
  #tellFirst = (): void => {};
  #stream: Stream | undefined;
  #backoffMs = FIRST_BACKOFF_MS;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#state = new GraphState(options.identity);
    this.firstGraph = new Promise((resolve) => {
      this.#tellFirst = resolve;
    });
    this.#client = new Client(options.server, credentials.createInsecure(), {
      "grpc.keepalive_time_ms": 30_000,
      "grpc.keepalive_timeout_ms": 5_000,
      "grpc.max_receive_message_length": 16 << 20,
      // The pauses between attempts are ours to choose.
      "grpc.initial_reconnect_backoff_ms": FIRST_BACKOFF_MS,
      "grpc.max_reconnect_backoff_ms": FIRST_BACKOFF_MS,
    });
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#stream?.cancel();
    this.#client.close();
  }

  async connect(): Promise<void> {
    const metadata = await this.#metadata();
    if (this.#isStopped) return;
    const stream: Stream = this.#client.makeBidiStreamRequest(METHOD, serialize, deserialize, metadata);
    this.#stream = stream;
    stream.on("data", (response: envoy.service.discovery.v3.DeltaDiscoveryResponse) => {
      this.#backoffMs = FIRST_BACKOFF_MS;
      this.#answer(stream, this.#state.receive(response));
    });
    stream.on("error", (error: Error) => {
      if (!this.#isStopped) this.#options.log.warn(`the control plane can't be reached: ${error.message}`);
    });
    stream.on("end", () => {
      stream.end();
    });
    // Follows error and end alike, exactly once.
    stream.on("status", () => {
      if (this.#stream === stream) this.#reconnect();
    });
    stream.write(this.#state.firstRequest());
  }

  #answer(stream: Stream, answer: Answer): void {
    for (const warning of answer.warnings) this.#options.log.warn(warning);
    if (answer.graph !== undefined) {
      this.#options.onGraph(answer.graph);
      this.#tellFirst();
    }
    stream.write(answer.request);
  }

  #reconnect(): void {
    this.#stream = undefined;
    if (this.#isStopped) return;
    const pauseMs = this.#backoffMs * (0.5 + Math.random() / 2);
    this.#backoffMs = Math.min(MAX_BACKOFF_MS, this.#backoffMs * 2);
    this.#timer = setTimeout(() => void this.connect(), pauseMs);
  }

  async #metadata(): Promise<Metadata> {
    const metadata = new Metadata();
    const { tokenFile, log } = this.#options;
    if (tokenFile === undefined) return metadata;
    try {
      metadata.set("authorization", `Bearer ${(await readFile(tokenFile, "utf8")).trim()}`);
    } catch (error) {
      log.warn(`the token can't be read: ${error instanceof Error ? error.message : String(error)}`);
    }
    return metadata;
  }
}

function serialize(request: envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties): Buffer {
  return Buffer.from(wire.DeltaDiscoveryRequest.encode(request).finish());
}

function deserialize(bytes: Buffer): envoy.service.discovery.v3.DeltaDiscoveryResponse {
  return wire.DeltaDiscoveryResponse.decode(bytes);
}
