import { readFile } from "node:fs/promises";
import { envoy } from "#proto/gen/discovery.js";
import type { Identity } from "../graph/draft.ts";
import type { Graph } from "../graph/graph.ts";
import type { Logger } from "../observe/log.ts";
import { GraphState, type Answer } from "./graph-state.ts";
import { openMessageStream, type MessageStream } from "./message-stream.ts";

const METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 10_000;
const wire = envoy.service.discovery.v3;

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
  readonly #state: GraphState;
  #tellFirst = (): void => {};
  #stream: MessageStream | undefined;
  #backoffMs = FIRST_BACKOFF_MS;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#state = new GraphState(options.identity);
    this.firstGraph = new Promise((resolve) => {
      this.#tellFirst = resolve;
    });
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#stream?.cancel();
  }

  async connect(): Promise<void> {
    const token = await this.#token();
    if (this.#isStopped) return;
    const { server, log } = this.#options;
    const stream = openMessageStream({
      server,
      method: METHOD,
      token,
      onMessage: (message) => {
        this.#backoffMs = FIRST_BACKOFF_MS;
        this.#answer(stream, this.#state.receive(wire.DeltaDiscoveryResponse.decode(message)));
      },
      onEnd: (reason) => {
        log.warn(`the control plane can't be reached: ${reason}`);
        this.#reconnect();
      },
    });
    this.#stream = stream;
    stream.send(encode(this.#state.firstRequest()));
  }

  #answer(stream: MessageStream, answer: Answer): void {
    for (const warning of answer.warnings) this.#options.log.warn(warning);
    if (answer.graph !== undefined) {
      this.#options.onGraph(answer.graph);
      this.#tellFirst();
    }
    stream.send(encode(answer.request));
  }

  #reconnect(): void {
    this.#stream = undefined;
    if (this.#isStopped) return;
    const pauseMs = this.#backoffMs * (0.5 + Math.random() / 2);
    this.#backoffMs = Math.min(MAX_BACKOFF_MS, this.#backoffMs * 2);
    this.#timer = setTimeout(() => void this.connect(), pauseMs);
  }

  async #token(): Promise<string | undefined> {
    const { tokenFile, log } = this.#options;
    if (tokenFile === undefined) return undefined;
    try {
      return (await readFile(tokenFile, "utf8")).trim();
    } catch (error) {
      log.warn(`the token can't be read: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }
}

function encode(request: envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties): Uint8Array {
  return wire.DeltaDiscoveryRequest.encode(request).finish();
}
