// Header names that cross a process border. Portable: compiled by tsc and by asc, so only `export const` of literals.

/** Prefix of every header that is ours. */
export const HEADER_PREFIX = "x-graphway-";

/** Client (gRPC metadata): the SeldonDeployment's name, as in Seldon. */
export const HEADER_SELDON = "seldon";
/** Client (gRPC metadata): the SeldonDeployment's namespace, as in Seldon. */
export const HEADER_NAMESPACE = "namespace";
/** Client or orchestrator: request id of the graph. */
export const HEADER_PUID = "seldon-puid";
/** Envoy: the request's id; the default key of a split. */
export const HEADER_REQUEST_ID = "x-request-id";

/** Client, where the RoutePolicy permits: `predictor=canary;eg-router=1;shadow=off`. Consumed by the filter. */
export const HEADER_FORCE = "x-graphway-force";
/** Client, where permitted: ask for the decision. Consumed by the filter. */
export const HEADER_EXPLAIN = "x-graphway-explain";
/** Client: shows that it may force or explain. Consumed by the filter. */
export const HEADER_SECRET = "x-graphway-secret";
/** Filter: the permitted forced branches, `eg-router=1;other=0`; the only form the orchestrator obeys. */
export const HEADER_BRANCH = "x-graphway-branch";
/** Filter: the chosen predictor; echoed on the response. */
export const HEADER_PREDICTOR = "x-graphway-predictor";
/** Filter: compact token of table version, rule and bucket; echoed on the response. */
export const HEADER_ROUTE = "x-graphway-route";
/** Filter: why this predictor; echoed on the response when `explain` was permitted. */
export const HEADER_DECISION = "x-graphway-decision";
/** Filter: a cookie for a client that has no sticky key; routes hand it on as `set-cookie`. */
export const HEADER_SET_COOKIE = "x-graphway-set-cookie";
/** Orchestrator, on the response: node path and timings. */
export const HEADER_PATH = "x-graphway-path";
/** Orchestrator, on the response: `node=1;other=-1`. */
export const HEADER_ROUTING = "x-graphway-routing";
/** Envoy, on the copy: a shadow request. */
export const HEADER_SHADOW = "x-graphway-shadow";
/** Filter, own gateway and local mode: the cluster of the chosen predictor, read by Envoy's `cluster_header`. */
export const HEADER_CLUSTER = "x-graphway-cluster";
/** Filter: clusters of the shadows, `x-graphway-shadow-cluster-1` and up. */
export const HEADER_SHADOW_CLUSTER_PREFIX = "x-graphway-shadow-cluster-";

/** Envoy: the number of retries of this request; the filter sets `0` on feedback. */
export const HEADER_MAX_RETRIES = "x-envoy-max-retries";
/** Client: milliseconds that the request may take; the only header of ours that passes the filter. */
export const HEADER_TIMEOUT_MS = "x-graphway-timeout-ms";

/** Envoy: the certificate that the caller showed; dropped from callers that showed none. */
export const HEADER_CLIENT_CERT = "x-forwarded-client-cert";
/** Client (gRPC): how long the call may take. */
export const HEADER_GRPC_TIMEOUT = "grpc-timeout";
