/** Which filter a table is for: the gateway's, a sidecar's for outgoing or for incoming requests. */
export type TableRole = "gateway" | "outbound" | "inbound";

/** What a route table says, before it is bytes. Deployments are sorted by key, predictors and shadows by name. */
export interface RouteTable {
  readonly role: TableRole;
  /** Never used twice for different contents; 64 bits. */
  readonly generation: bigint;
  readonly deployments: readonly TableDeployment[];
}

export interface TableDeployment {
  /** `<namespace>/<name>`. */
  readonly key: string;
  readonly permits: { readonly force: boolean; readonly explain: boolean };
  /** Header names are lower case. Absent: the request id is the key. */
  readonly stickyKey?: TableStickyKey;
  /** At least one weight is positive. */
  readonly predictors: readonly TablePredictor[];
  readonly shadows: readonly TableShadow[];
}

export interface TableStickyKey {
  readonly kind: "header" | "cookie" | "query";
  readonly name: string;
}

interface TableTarget {
  readonly name: string;
  /** Envoy's name of the cluster for REST; empty: the filter names none. */
  readonly httpCluster: string;
  readonly grpcCluster: string;
}

/** A predictor of the split; weights are whole numbers from 0 to MAX_WEIGHT. */
export interface TablePredictor extends TableTarget {
  readonly weight: number;
}

/** Gets copies of `percent` (above 0, up to 100) of the requests. */
export interface TableShadow extends TableTarget {
  readonly percent: number;
}
