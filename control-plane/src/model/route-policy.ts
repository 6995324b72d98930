import type { ObjectMeta } from "./kubernetes.ts";

/** The API version of RoutePolicies. */
export const ROUTE_POLICY_API_VERSION = "graphway.dev/v1alpha1";
export const ROUTE_POLICY_KIND = "RoutePolicy";

/** How requests to one SeldonDeployment are routed, beyond what Seldon's schema can say. */
export interface RoutePolicy {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec: RoutePolicySpec;
  readonly status?: Readonly<Record<string, unknown>>;
}

export interface RoutePolicySpec {
  readonly targetRef: TargetRef;
  readonly sticky?: Sticky;
  /** Asked in order; the first that takes a request decides. */
  readonly rules?: readonly Rule[];
  readonly shadows?: readonly Shadow[];
  readonly retries?: Retries;
  readonly deadline?: Deadline;
  /** Predictors, in the order in which they stand in for one that has no pod. */
  readonly fallback?: readonly string[];
  readonly limits?: Limits;
  readonly ejection?: Ejection;
  /** True: requests go straight to the model where a graph is one. */
  readonly bypass?: boolean;
  readonly force?: Permission;
  readonly explain?: Permission;
}

/** The SeldonDeployment, in the policy's own namespace. */
export interface TargetRef {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

/** The parts of a request that keep it on its predictor: either one of the first three, or `keys`. gRPC metadata is a header. */
export interface Sticky {
  readonly header?: string;
  readonly cookie?: string;
  readonly query?: string;
  /** Several, of which the first that a request carries counts. */
  readonly keys?: readonly StickyPart[];
  /** Deployments with the same salt send the same client to predictors of the same name. */
  readonly salt?: string;
}

/** Exactly one of `header`, `cookie` and `query`. */
export interface StickyPart {
  readonly header?: string;
  readonly cookie?: string;
  readonly query?: string;
  /** With a cookie only. */
  readonly issue?: CookieTerms;
}

/** How a cookie is given to clients that have no key. */
export interface CookieTerms {
  readonly maxAgeSeconds?: number;
  readonly path?: string;
  readonly secure?: boolean;
  readonly sameSite?: "Lax" | "Strict" | "None";
}

/** Either `predictor` or `split`. */
export interface Rule {
  readonly name?: string;
  readonly match?: Match;
  readonly percent?: number;
  readonly predictor?: string;
  readonly split?: readonly Share[];
}

export interface Share {
  readonly predictor: string;
  readonly weight: number;
}

/** All must hold. */
export interface Match {
  readonly headers?: readonly NamedTest[];
  readonly cookies?: readonly NamedTest[];
  readonly query?: readonly NamedTest[];
  readonly method?: string;
  readonly path?: PathTest;
  readonly transport?: "rest" | "grpc";
}

/** Exactly one of the tests. */
export interface NamedTest {
  readonly name: string;
  readonly exact?: string;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly contains?: string;
  readonly present?: boolean;
}

/** Exactly one. */
export interface PathTest {
  readonly exact?: string;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly contains?: string;
}

export interface Shadow {
  readonly predictor: string;
  readonly percent?: number;
  readonly match?: Match;
  readonly beside?: readonly string[];
  readonly maxBodyBytes?: number;
}

/** Of what kinds of failure a call by HTTP is tried again; Envoy's names. */
export const HTTP_RETRY_CONDITIONS = [
  "5xx",
  "gateway-error",
  "reset",
  "reset-before-request",
  "connect-failure",
  "refused-stream",
  "retriable-4xx",
  "envoy-ratelimited",
] as const;

/** The same of a call by gRPC. */
export const GRPC_RETRY_CONDITIONS = [
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
] as const;

export interface Retries {
  readonly attempts: number;
  readonly perTryTimeoutMs?: number;
  readonly http?: readonly (typeof HTTP_RETRY_CONDITIONS)[number][];
  readonly grpc?: readonly (typeof GRPC_RETRY_CONDITIONS)[number][];
  readonly statuses?: readonly number[];
  readonly budget?: RetryBudget;
}

export interface RetryBudget {
  readonly percent: number;
  readonly minConcurrency?: number;
}

export interface Deadline {
  readonly defaultMs?: number;
  readonly maxMs?: number;
}

export interface Limits {
  readonly requestsPerSecond?: number;
  readonly burst?: number;
  readonly concurrency?: number;
}

export interface Ejection {
  readonly consecutiveErrors?: number;
  readonly ejectMs?: number;
  readonly maxPercent?: number;
}

/** Who may ask for it; nobody by default. Either `allow` or `grants`. */
export interface Permission {
  /** True: everybody. */
  readonly allow?: boolean;
  readonly grants?: readonly PermissionGrant[];
}

/** Exactly one. */
export interface PermissionGrant {
  readonly secretSha256?: string;
  readonly claim?: ClaimGrant;
  readonly namespace?: string;
}

export interface ClaimGrant {
  readonly header: string;
  readonly value: string;
}
