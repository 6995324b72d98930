import { envoy } from "#proto/gen/discovery.js";
import type { Identity } from "../graph/draft.ts";
import type { Graph } from "../graph/graph.ts";
import type { Logger } from "../observe/log.ts";
import type { XdsTls } from "../tls/open-tls.ts";
import { GraphState, type Answer } from "./graph-state.ts";
import { KEEP_ALIVE, openMessageStream, type KeepAlive, type MessageStream } from "./message-stream.ts";
import { openTokenFile, type TokenFile } from "./token-file.ts";

const METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 10_000;
const wire = envoy.service.discovery.v3;

export interface SubscriptionOptions {
  /** host:port, https://host:port, or unix:/path. */
  readonly server: string;
  /** Undefined: no TLS. */
  readonly tls?: XdsTls | undefined;
  /** Read anew for every connection, and a new token opens a new one: projected tokens are renewed. */
  readonly tokenFile: string | undefined;
  readonly identity: Identity;
  /** The variable ENGINE_PREDICTOR, where it is set: the control plane then knows which containers stand beside us. */
  readonly enginePredictor?: string | undefined;
  /** A graph to serve from now on. */
  readonly onGraph: (graph: Graph, version: string) => void;
  /** A graph was refused; the log says why. */
  readonly onRefused?: () => void;
  /** The stream brought its first answer, or ended after it. */
  readonly onConnected?: (isConnected: boolean) => void;
  readonly log: Logger;
  readonly keepAlive?: KeepAlive;
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
  #isConnected = false;
  #isStopped = false;
  readonly #token: TokenFile | undefined;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    const { tokenFile, log } = options;
    this.#token =
      tokenFile === undefined
        ? undefined
        : openTokenFile(tokenFile, log, () => {
            this.#renew();
          });
    this.#state = new GraphState(options.identity, options.enginePredictor);
    this.firstGraph = new Promise((resolve) => {
      this.#tellFirst = resolve;
    });
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#token?.stop();
    this.#stream?.cancel();
  }

  /** The token is another one: the stream that the old one opened is left for a new one. */
  #renew(): void {
    if (this.#isStopped || this.#stream === undefined) return;
    this.#options.log.info("the token is new; connecting to the control plane again");
    this.#stream.cancel();
    this.#stream = undefined;
    void this.connect();
  }

  #tellConnected(isConnected: boolean): void {
    if (this.#isConnected === isConnected) return;
    this.#isConnected = isConnected;
    this.#options.onConnected?.(isConnected);
  }

  async connect(): Promise<void> {
    const token = await this.#token?.read();
    if (this.#isStopped) return;
    try {
      this.#open(token);
    } catch (error) {
      // Such as an address that is none.
      this.#lost(error instanceof Error ? error.message : String(error));
    }
  }

  #open(token: string | undefined): void {
    const { server, tls, keepAlive = KEEP_ALIVE } = this.#options;
    const stream = openMessageStream({
      server,
      tls,
      method: METHOD,
      token,
      keepAlive,
      onMessage: (message) => {
        const response = wire.DeltaDiscoveryResponse.decode(message);
        this.#backoffMs = FIRST_BACKOFF_MS;
        this.#tellConnected(true);
        this.#answer(stream, this.#served(this.#state.receive(response)));
      },
      onEnd: (reason) => {
        this.#lost(reason);
      },
    });
    this.#stream = stream;
    stream.send(encode(this.#state.firstRequest()));
  }

  #lost(reason: string): void {
    this.#options.log.warn(`the control plane can't be reached: ${reason}`);
    this.#tellConnected(false);
    this.#reconnect();
  }

  /** Takes the answer's graph into service, if there is one; where that fails, it is refused. */
  #served(answer: Answer): Answer {
    if (answer.graph === undefined) return answer;
    try {
      this.#options.onGraph(answer.graph, answer.version ?? "");
    } catch (error) {
      return this.#state.withdraw(answer, error instanceof Error ? error.message : String(error));
    }
    this.#tellFirst();
    return answer;
  }

  #answer(stream: MessageStream, answer: Answer): void {
    for (const warning of answer.warnings) this.#options.log.warn(warning);
    if (answer.request.errorDetail) this.#options.onRefused?.();
    stream.send(encode(answer.request));
  }

  #reconnect(): void {
    this.#stream = undefined;
    if (this.#isStopped) return;
    const pauseMs = this.#backoffMs * (0.5 + Math.random() / 2);
    this.#backoffMs = Math.min(MAX_BACKOFF_MS, this.#backoffMs * 2);
    this.#timer = setTimeout(() => void this.connect(), pauseMs);
  }
}

function encode(request: envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties): Uint8Array {
  return wire.DeltaDiscoveryRequest.encode(request).finish();
}
