import type { Seeds } from "./hashes.ts";

/** Which filter a table is for: the gateway's, a sidecar's for outgoing or for incoming requests. */
export type TableRole = "gateway" | "outbound" | "inbound";

/** What a route table says, before it is bytes. Deployments are sorted by key, predictors and shadows by name. */
export interface RouteTable {
  readonly role: TableRole;
  /** Never used twice for different contents; 64 bits. */
  readonly generation: bigint;
  /** Inbound only: headers of ours count only from callers that showed a certificate. Default false. */
  readonly peersOnly?: boolean;
  readonly deployments: readonly TableDeployment[];
}

export interface TableDeployment {
  /** `<namespace>/<name>`. */
  readonly key: string;
  /** What the seeds of the splits come from; absent: the key. The bytes hold the seeds alone. */
  readonly salt?: string;
  readonly permits: { readonly force: readonly TableGrant[]; readonly explain: readonly TableGrant[] };
  /** Asked in this order; a request that carries none is split by its id. */
  readonly stickyKeys: readonly TableStickyKey[];
  /** At least one weight is positive. */
  readonly predictors: readonly TablePredictor[];
  /** Asked in this order before the split. */
  readonly rules: readonly TableRule[];
  readonly shadows: readonly TableShadow[];
  /** Where the client says nothing; absent: no limit. */
  readonly defaultTimeoutMs?: number;
  /** At most; absent: no limit. */
  readonly maxTimeoutMs?: number;
}

/** Header names are in lower case. */
export type TableStickyKey =
  | { readonly kind: "header" | "query"; readonly name: string }
  | {
      readonly kind: "cookie";
      readonly name: string;
      /** A client without any key gets this cookie; `attributes` follow `name=value`, such as `; Path=/; HttpOnly`. */
      readonly issue?: { readonly attributes: string };
    };

/** Who may do something. */
export type TableGrant =
  | { readonly kind: "anyone" }
  /** `sha256` has 64 lower-case hexadecimal digits. */
  | { readonly kind: "secret"; readonly sha256: string }
  /** The header, in lower case, stands once with this value. */
  | { readonly kind: "claim"; readonly header: string; readonly value: string };

/** Something that a request must have. Header names are in lower case. */
export type TableCondition =
  | { readonly on: "header" | "cookie" | "query"; readonly name: string; readonly test: TextTest }
  | { readonly on: "path" | "method"; readonly test: TextTest }
  | { readonly on: "transport"; readonly transport: "rest" | "grpc" };

/** How a text is looked at, byte by byte. */
export type TextTest =
  | { readonly kind: "present" | "absent" }
  | { readonly kind: "exact" | "prefix" | "suffix" | "contains"; readonly text: string };

interface TableTarget {
  readonly name: string;
  /** Envoy's name of the cluster for REST; empty: the filter names none. */
  readonly httpCluster: string;
  readonly grpcCluster: string;
  /** Absent: those that the format gives to this name. */
  readonly seeds?: Seeds;
}

/** A predictor of a split; weights are whole numbers from 0 to MAX_WEIGHT. */
export interface TablePredictor extends TableTarget {
  readonly weight: number;
}

/** Takes `percent` (above 0, up to 100) of the requests that meet all conditions, by the key of the split. */
export interface TableRule {
  readonly name: string;
  readonly conditions: readonly TableCondition[];
  readonly percent: number;
  readonly seeds?: Seeds;
  /** At least one weight is positive. */
  readonly predictors: readonly TablePredictor[];
}

/** Gets copies of `percent` (above 0, up to 100) of the requests that meet all conditions, by the request's id. */
export interface TableShadow extends TableTarget {
  readonly percent: number;
  readonly conditions: readonly TableCondition[];
  /** Only of requests to one of these predictors; empty: to any. */
  readonly beside: readonly string[];
  /** Absent: bodies of any size are copied. */
  readonly maxBodyBytes?: number;
}
