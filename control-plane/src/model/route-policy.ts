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
  readonly force?: Permission;
  readonly explain?: Permission;
}

/** The SeldonDeployment, in the policy's own namespace. */
export interface TargetRef {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

/** The part of a request that keeps it on its predictor; exactly one field. gRPC metadata is a header. */
export interface Sticky {
  readonly header?: string;
  readonly cookie?: string;
  readonly query?: string;
}

/** Whether a client may ask for it; false by default. */
export interface Permission {
  readonly allow: boolean;
}
