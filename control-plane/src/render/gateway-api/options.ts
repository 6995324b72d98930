/** Settings of the Gateway API routes. */
export interface GatewayApiOptions {
  /** Listener of the Gateways that HTTPRoutes attach to; empty: all of them. */
  readonly httpListener: string;
  /**
   * Listener that GRPCRoutes attach to; empty: all of them. One listener takes HTTPRoutes or GRPCRoutes of a host, not both
   * (Gateway API 1.6, GRPCRoute `hostnames`), so REST and gRPC of one host need a listener each.
   */
  readonly grpcListener: string;
}

/** What holds unless the operator says otherwise. */
export const DEFAULT_GATEWAY_API_OPTIONS: GatewayApiOptions = { httpListener: "", grpcListener: "" };
