import { ROUTE_POLICY_API_VERSION } from "../../model/route-policy.ts";
import { SELDON_GROUP } from "../../model/seldon-deployment.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { ADMISSION_PATHS, WEBHOOK_NAMES, type ReviewedKind } from "./kinds.ts";

/** The label by which several control planes share a cluster. */
const CONTROLLER_LABEL = "seldon.io/controller-id";

/** Which objects this control plane answers for. */
export type WebhookScope =
  /** All that no other control plane claims by its label. */
  | { readonly kind: "cluster" }
  /** Objects with this label. */
  | { readonly kind: "controller"; readonly controllerId: string }
  /** Objects of the namespaces with this label. */
  | { readonly kind: "namespace"; readonly namespace: string };

/** Where the API server finds the webhook. */
export type WebhookTarget =
  | { readonly service: { readonly namespace: string; readonly name: string; readonly port: number } }
  /** `https://host:port`. */
  | { readonly url: string };

export interface WebhookConfigurationOptions {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly scope: WebhookScope;
  readonly target: WebhookTarget;
  /** Authorities as PEM. Absent: whoever owns the certificates writes them. */
  readonly caBundle?: string;
}

/** The ValidatingWebhookConfiguration: Seldon 1.17.1's for SeldonDeployments, and one webhook more for RoutePolicies. */
export function webhookConfiguration(options: WebhookConfigurationOptions): KubernetesObject {
  const { name, labels, annotations } = options;
  const [policyGroup = "", policyVersion = ""] = ROUTE_POLICY_API_VERSION.split("/");
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: {
      name,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    webhooks: [
      webhookOf("SeldonDeployment", ruleOf(SELDON_GROUP, "v1", "seldondeployments"), options),
      webhookOf("RoutePolicy", ruleOf(policyGroup, policyVersion, "routepolicies"), options),
    ],
  };
}

type Fields = Readonly<Record<string, unknown>>;

function ruleOf(group: string, version: string, resource: string): Fields {
  return {
    apiGroups: [group],
    apiVersions: [version],
    operations: ["CREATE", "UPDATE"],
    resources: [resource],
    scope: "Namespaced",
  };
}

/** Versions other than the rule's are converted and validated too: matchPolicy Equivalent. */
function webhookOf(kind: ReviewedKind, rule: Fields, { scope, target, caBundle }: WebhookConfigurationOptions): Fields {
  const path = ADMISSION_PATHS[kind];
  const place = "url" in target ? { url: `${target.url}${path}` } : { service: { ...target.service, path } };
  return {
    name: WEBHOOK_NAMES[kind],
    admissionReviewVersions: ["v1"],
    clientConfig: { ...place, ...(caBundle === undefined ? {} : { caBundle: encodeBundle(caBundle) }) },
    failurePolicy: "Fail",
    matchPolicy: "Equivalent",
    sideEffects: "None",
    timeoutSeconds: 10,
    rules: [rule],
    ...selectorsOf(scope),
  };
}

function selectorsOf(scope: WebhookScope): Fields {
  const unclaimed = { matchExpressions: [{ key: CONTROLLER_LABEL, operator: "DoesNotExist" }] };
  switch (scope.kind) {
    case "cluster":
      return { namespaceSelector: unclaimed, objectSelector: unclaimed };
    case "controller":
      return { objectSelector: { matchLabels: { [CONTROLLER_LABEL]: scope.controllerId } } };
    case "namespace":
      return { namespaceSelector: { matchLabels: { [CONTROLLER_LABEL]: scope.namespace } } };
  }
}

/** PEM as `caBundle` holds it: base64 of the text. */
export function encodeBundle(pem: string): string {
  return Buffer.from(pem).toString("base64");
}
