import type { RolloutSettings } from "../../../deliver/rollout/rollout-step.ts";
import type { ModelSettings } from "../../../model/settings.ts";
import type { PlanOptions } from "../../../plan/options.ts";
import type { XdsOptions } from "../../../render/xds/options.ts";

/** What the operator set about a control plane in a cluster. */
export interface ClusterSettings {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** The only namespace to look at; undefined: all. */
  readonly namespace: string | undefined;
  /** Our own namespace: Lease, `seldon-config`, the webhook's Service and Secret. */
  readonly ownNamespace: string;
  /** Name of our pod, by which the Lease and events tell replicas apart. */
  readonly podName: string;
  /** Its uid, so that what belongs to it goes with it; undefined: not known. */
  readonly podUid: string | undefined;
  /** Label `seldon.io/controller-id` of the SeldonDeployments to take; empty: those without one. */
  readonly controllerId: string;
  readonly model: ModelSettings;
  readonly plan: PlanOptions;
  readonly rollout: RolloutSettings;
  /** Deployments that are worked on at once. */
  readonly workers: number;
  readonly leader: LeaderSettings | undefined;
  readonly xds: XdsSettings;
  /** Undefined: no gateways of ours are served. */
  readonly gateway: GatewaySettings | undefined;
  /** Undefined: nothing is served to Istio's proxies. */
  readonly mesh: MeshSettings | undefined;
  /** Largest table of a filter, in bytes; more than MAX_TABLE_BYTES is as much. */
  readonly maxTableBytes: number;
  readonly webhook: WebhookSettings | undefined;
  readonly metrics: { readonly host: string; readonly port: number };
  readonly logLevel: LogLevel;
  readonly createsResources: boolean;
  readonly stopTimeoutMs: number;
  /** RELATED_IMAGE_* that are set. */
  readonly relatedImages: Readonly<Record<string, string>>;
}

export type LogLevel = "debug" | "info" | "warn" | "error" | "fatal";

export interface LeaderSettings {
  readonly leaseName: string;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

export interface XdsSettings {
  readonly port: number;
  readonly auth: "token" | "none";
  readonly audience: string;
  /** Undefined: plain text. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
}

export interface GatewaySettings {
  /** Service of the gateways in our namespace. */
  readonly service: string;
  /** Service account of the gateways in our namespace. */
  readonly serviceAccount: string;
  /** Class of the Gateways of Gateway API that are ours. */
  readonly gatewayClass: string;
  /** Where gateways listen when there is no Gateway. */
  readonly port: number;
  /** What gateways say of each request on their standard output. */
  readonly accessLog: XdsOptions["accessLog"];
}

/** Whom of Istio's proxies filters are served to. */
export interface MeshSettings {
  /** How the namespace of a proxy is known; see docs/istio.md. */
  readonly identity: "scope" | "peer" | "token";
  /** Namespaces whose sidecars are believed by identity `scope`; `*`: all. */
  readonly namespaces: readonly string[];
  /** Namespaces whose proxies may be gateways; `*`: all. */
  readonly gatewayNamespaces: readonly string[];
  /** Istio's root namespace. */
  readonly rootNamespace: string;
  /** Headers between sidecars count only from callers that showed a certificate. */
  readonly peersOnly: boolean;
  /** Different proxies of one namespace at most: each kind has a table of its own. */
  readonly scopesPerNamespace: number;
}

export interface WebhookSettings {
  readonly port: number;
  readonly service: string;
  /** Name of the ValidatingWebhookConfiguration. */
  readonly configuration: string;
  readonly secret: string;
  /** Undefined: certificates of our own. */
  readonly certDir: string | undefined;
}
