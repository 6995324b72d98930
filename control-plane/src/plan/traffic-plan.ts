/** Which part of a request keeps it on its predictor. gRPC metadata is a header; names of headers are in lower case. */
export type StickyKey =
  | { readonly kind: "header"; readonly name: string }
  | { readonly kind: "cookie"; readonly name: string; readonly issue?: CookieIssue }
  | { readonly kind: "query"; readonly name: string };

/** A client that shows no key gets this cookie with a random value, which is its key from this request on. */
export interface CookieIssue {
  /** Absent: until the browser closes. */
  readonly maxAgeSeconds?: number;
  /** Default: the deployment's own path. */
  readonly path?: string;
  readonly secure: boolean;
  readonly sameSite: "Lax" | "Strict" | "None";
}

/** What keeps a client on its predictor. */
export interface StickyPlan {
  /** The first that a request carries counts; without any the request id does. At least one. */
  readonly keys: readonly StickyKey[];
  /**
   * What the split mixes into every key instead of the deployment's own key. Deployments that say the same send the same
   * key to predictors of the same name, as far as their weights are the same.
   */
  readonly salt?: string;
}

/** Something that a request must have. */
export type Condition =
  | { readonly on: "header" | "cookie" | "query"; readonly name: string; readonly test: TextTest }
  /** The path after `/seldon/<namespace>/<name>/`, without query; of gRPC `package.Service/Method`. */
  | { readonly on: "path"; readonly test: TextTest }
  | { readonly on: "method"; readonly test: TextTest }
  | { readonly on: "transport"; readonly transport: "rest" | "grpc" };

/** How a text is looked at; byte by byte, nothing is decoded but query parameters. */
export type TextTest =
  | { readonly kind: "present" }
  | { readonly kind: "absent" }
  | { readonly kind: "exact" | "prefix" | "suffix" | "contains"; readonly text: string };

/** Requests that meet all conditions are split otherwise; the first rule that takes a request decides. */
export interface RulePlan {
  /** Unique among the rules; shown in decisions. */
  readonly name: string;
  /** None: every request. */
  readonly conditions: readonly Condition[];
  /** Share of the matching requests, by their key, that the rule takes; above 0, up to 100. Others go on to the next rule. */
  readonly percent: number;
  /** At least one weight is positive. */
  readonly split: readonly SplitEntry[];
}

/** A predictor's share of the traffic; shares are relative to their sum, 0 gets none. */
export interface SplitEntry {
  readonly predictor: string;
  readonly weight: number;
}

/** A predictor that gets copies of `percent` (above 0, up to 100) of the requests. Never of feedback. */
export interface ShadowEntry {
  readonly predictor: string;
  readonly percent: number;
  /** All must hold; absent: every request. */
  readonly conditions?: readonly Condition[];
  /** Only requests that go to one of these predictors; absent: to any. */
  readonly beside?: readonly string[];
  /** No copy of a body that is larger, or of unknown length; absent: any. */
  readonly maxBodyBytes?: number;
}

/** From RoutePolicy, else from `seldon.io/istio-retries` and `-timeout`, else from `seldon.io/ambassador-retries`. */
export interface RetryPlan {
  readonly attempts: number;
  /** Absent: a try may take as long as the request. */
  readonly perTryTimeoutMs?: number;
  /** Envoy's conditions; absent: those of Seldon. */
  readonly httpOn?: readonly string[];
  readonly grpcOn?: readonly string[];
  /** Statuses that are retried beyond the conditions. */
  readonly statuses?: readonly number[];
  /** Retries in flight as a share of the requests in flight of a predictor; absent: the default of who routes. */
  readonly budget?: { readonly percent: number; readonly minConcurrency: number };
}

/** How long a request may take, all tries together. */
export interface DeadlinePlan {
  /** Where the client says nothing; absent: no limit. */
  readonly defaultMs?: number;
  /** A client that asks for more gets this; absent: what it asks for. */
  readonly maxMs?: number;
}

/** What each Envoy lets through to a deployment at most; they do not know of one another. */
export interface LimitsPlan {
  /** REST and gRPC requests per second, after a burst; absent: no limit. */
  readonly requestsPerSecond?: number;
  readonly burst?: number;
  /** Requests in flight to one predictor; absent: the default of who routes. */
  readonly concurrency?: number;
}

/** A pod that fails so often in a row gets no requests for a while. */
export interface EjectionPlan {
  readonly consecutiveErrors: number;
  readonly ejectMs: number;
  /** Share of a predictor's pods that may be out at once. */
  readonly maxPercent: number;
}

/** Who may do something; several are alternatives. */
export type Grant =
  | { readonly kind: "anyone" }
  /** Who sends it in `x-graphway-secret`; only its SHA-256 (64 lower-case hexadecimal digits) is known here. */
  | { readonly kind: "secret"; readonly sha256: string }
  /** Who has this header, which a JWT filter before ours must set from a verified claim, and take from everyone else. */
  | { readonly kind: "claim"; readonly header: string; readonly value: string }
  /** Callers in this namespace; only their own sidecars can say so. */
  | { readonly kind: "namespace"; readonly namespace: string };

/** Who may ask for what; an empty list is nobody. */
export interface Permits {
  readonly force: readonly Grant[];
  readonly explain: readonly Grant[];
}
