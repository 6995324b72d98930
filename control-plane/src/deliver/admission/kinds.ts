import type { ROUTE_POLICY_KIND } from "../../model/route-policy.ts";
import type { SELDON_KIND } from "../../model/seldon-deployment.ts";

/** The kinds that are validated. */
export type ReviewedKind = typeof SELDON_KIND | typeof ROUTE_POLICY_KIND;

/** Where each kind is validated; the first path is Seldon's. */
export const ADMISSION_PATHS = {
  SeldonDeployment: "/validate-machinelearning-seldon-io-v1-seldondeployment",
  RoutePolicy: "/validate-graphway-dev-v1alpha1-routepolicy",
} as const satisfies Record<ReviewedKind, string>;

/** Names of the webhooks; the first is Seldon's. */
export const WEBHOOK_NAMES = {
  SeldonDeployment: "v1.vseldondeployment.kb.io",
  RoutePolicy: "v1alpha1.vroutepolicy.graphway.dev",
} as const satisfies Record<ReviewedKind, string>;
