/** Settings of our own gateway (and of local mode, which is the same Envoy on one machine). */
export interface XdsOptions {
  /** Where Envoy listens; REST and gRPC share the port. */
  readonly address: string;
  readonly port: number;
  /** One line of JSON per request on Envoy's standard output: predictor, route token, duration, flags. */
  readonly accessLog: "off" | "json";
  /** Whether each worker has a socket of its own. Faster, but another Envoy could then listen on the same port unnoticed. */
  readonly reusePort: boolean;
  /** Largest request body that is held for a retry or a shadow; larger ones are passed on without either. */
  readonly bodyBufferLimitBytes: number;
  readonly maxRequestHeadersKiB: number;
  /** Streams of one HTTP/2 connection. */
  readonly maxConcurrentStreams: number;
  /** A client has this long to send its headers. */
  readonly requestHeadersTimeoutMs: number;
  /** A request on which nothing moves for this long is ended; a model may think for long, so it is long. */
  readonly streamIdleTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** An unused upstream connection is closed after this. Seldon's DestinationRules say 60 s. */
  readonly upstreamIdleTimeoutMs: number;
  /** Most connections, waiting requests and requests that one cluster may hold. */
  readonly maxConnections: number;
  readonly maxPendingRequests: number;
  readonly maxRequests: number;
  /** Retries in flight, as a share of the requests in flight of a cluster, but never below the minimum. */
  readonly retryBudgetPercent: number;
  readonly retryBudgetMinimum: number;
}

/** What holds unless the operator says otherwise. */
export const DEFAULT_XDS_OPTIONS: XdsOptions = {
  address: "0.0.0.0",
  port: 8003,
  accessLog: "off",
  reusePort: true,
  bodyBufferLimitBytes: 64 * 1024 * 1024,
  maxRequestHeadersKiB: 60,
  maxConcurrentStreams: 1000,
  requestHeadersTimeoutMs: 10_000,
  streamIdleTimeoutMs: 3_600_000,
  connectTimeoutMs: 2_000,
  upstreamIdleTimeoutMs: 60_000,
  maxConnections: 4096,
  maxPendingRequests: 4096,
  maxRequests: 65_536,
  retryBudgetPercent: 20,
  retryBudgetMinimum: 10,
};

let completed = { given: JSON.stringify(DEFAULT_XDS_OPTIONS), options: DEFAULT_XDS_OPTIONS };

/** The options with what holds where they say nothing: the same object for the same options, one call after the other. */
export function completeOptions(given: Partial<XdsOptions>): XdsOptions {
  const options = { ...DEFAULT_XDS_OPTIONS, ...given };
  const text = JSON.stringify(options);
  if (completed.given !== text) completed = { given: text, options };
  return completed.options;
}
