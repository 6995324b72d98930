/** A kind of object and its place in the API. */
export interface ResourceType {
  /** `apps/v1`; `v1` for the core group. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

function namespaced(apiVersion: string, kind: string, plural: string): ResourceType {
  return { apiVersion, kind, plural, namespaced: true };
}

function ofCluster(apiVersion: string, kind: string, plural: string): ResourceType {
  return { apiVersion, kind, plural, namespaced: false };
}

/** Every kind that the control plane reads or writes. */
export const RESOURCE = {
  seldonDeployment: namespaced("machinelearning.seldon.io/v1", "SeldonDeployment", "seldondeployments"),
  routePolicy: namespaced("graphway.dev/v1alpha1", "RoutePolicy", "routepolicies"),
  deployment: namespaced("apps/v1", "Deployment", "deployments"),
  service: namespaced("v1", "Service", "services"),
  horizontalPodAutoscaler: namespaced("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
  podDisruptionBudget: namespaced("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
  scaledObject: namespaced("keda.sh/v1alpha1", "ScaledObject", "scaledobjects"),
  virtualService: namespaced("networking.istio.io/v1", "VirtualService", "virtualservices"),
  destinationRule: namespaced("networking.istio.io/v1", "DestinationRule", "destinationrules"),
  istioGateway: namespaced("networking.istio.io/v1", "Gateway", "gateways"),
  istioSidecar: namespaced("networking.istio.io/v1", "Sidecar", "sidecars"),
  endpointSlice: namespaced("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
  gateway: namespaced("gateway.networking.k8s.io/v1", "Gateway", "gateways"),
  gatewayClass: ofCluster("gateway.networking.k8s.io/v1", "GatewayClass", "gatewayclasses"),
  referenceGrant: namespaced("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", "referencegrants"),
  configMap: namespaced("v1", "ConfigMap", "configmaps"),
  secret: namespaced("v1", "Secret", "secrets"),
  serviceAccount: namespaced("v1", "ServiceAccount", "serviceaccounts"),
  pod: namespaced("v1", "Pod", "pods"),
  event: namespaced("v1", "Event", "events"),
  lease: namespaced("coordination.k8s.io/v1", "Lease", "leases"),
  namespace: ofCluster("v1", "Namespace", "namespaces"),
  tokenReview: ofCluster("authentication.k8s.io/v1", "TokenReview", "tokenreviews"),
  customResourceDefinition: ofCluster(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
  ),
  validatingWebhookConfiguration: ofCluster(
    "admissionregistration.k8s.io/v1",
    "ValidatingWebhookConfiguration",
    "validatingwebhookconfigurations",
  ),
} as const satisfies Record<string, ResourceType>;
