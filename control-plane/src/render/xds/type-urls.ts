const PREFIX = "type.googleapis.com/";

/** Type of every resource that is served, and `@type` of what the gateway's are made of. */
export const TYPE = {
  listener: `${PREFIX}envoy.config.listener.v3.Listener`,
  routeConfiguration: `${PREFIX}envoy.config.route.v3.RouteConfiguration`,
  routeList: `${PREFIX}envoy.config.route.v3.RouteList`,
  cluster: `${PREFIX}envoy.config.cluster.v3.Cluster`,
  endpoints: `${PREFIX}envoy.config.endpoint.v3.ClusterLoadAssignment`,
  filterConfig: `${PREFIX}envoy.config.core.v3.TypedExtensionConfig`,
  secret: `${PREFIX}envoy.extensions.transport_sockets.tls.v3.Secret`,
  downstreamTls: `${PREFIX}envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext`,
  tlsInspector: `${PREFIX}envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector`,
  connectionManager: `${PREFIX}envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
  router: `${PREFIX}envoy.extensions.filters.http.router.v3.Router`,
  rbac: `${PREFIX}envoy.extensions.filters.http.rbac.v3.RBAC`,
  wasm: `${PREFIX}envoy.extensions.filters.http.wasm.v3.Wasm`,
  earlyHeaderMutation: `${PREFIX}envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation`,
  httpProtocolOptions: `${PREFIX}envoy.extensions.upstreams.http.v3.HttpProtocolOptions`,
  headerMatchInput: `${PREFIX}envoy.type.matcher.v3.HttpRequestHeaderMatchInput`,
  previousHosts: `${PREFIX}envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate`,
  aggregateCluster: `${PREFIX}envoy.extensions.clusters.aggregate.v3.ClusterConfig`,
  localRateLimit: `${PREFIX}envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit`,
  setFilterState: `${PREFIX}envoy.extensions.filters.http.set_filter_state.v3.Config`,
  headerMutation: `${PREFIX}envoy.extensions.filters.http.header_mutation.v3.HeaderMutation`,
  routeFilterConfig: `${PREFIX}envoy.config.route.v3.FilterConfig`,
  reqWithoutQuery: `${PREFIX}envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery`,
  stdoutAccessLog: `${PREFIX}envoy.extensions.access_loggers.stream.v3.StdoutAccessLog`,
  /** The orchestrators' graphs. */
  inferenceGraph: `${PREFIX}graphway.v1.InferenceGraph`,
  bytes: `${PREFIX}google.protobuf.BytesValue`,
} as const;
