import { MAX_TABLE_BYTES } from "#proto/vocabulary/limits.ts";
import { choice, ignored, setting, type SettingTable } from "./setting-spec.ts";

/** The flags of Seldon 1.17.1's operator. */
export const SELDON_FLAGS = {
  "metrics-addr": setting("text", ":8080", "address of `/metrics`, `/healthz` and `/readyz`"),
  "enable-leader-election": setting("boolean", "false", "write only as the holder of a Lease: for several replicas"),
  "leader-election-id": setting("text", "a33bd623.machinelearning.seldon.io", "name of that Lease"),
  "leader-election-resource-lock": ignored("text", "", "leaders are elected by a Lease"),
  "leader-election-lease-duration-secs": setting("seconds", "15", "how long a silent leader keeps the Lease"),
  "leader-election-renew-deadline-secs": setting("seconds", "10", "how long a leader that can't renew it goes on"),
  "leader-election-retry-period-secs": setting("seconds", "2", "pause between two attempts to take or renew it"),
  "webhook-port": setting("port", "443", "port of the admission webhook"),
  namespace: setting("text", "", "the only namespace to look at; without it all. WATCH_NAMESPACE wins"),
  "operator-namespace": setting("text", "", "our own namespace; POD_NAMESPACE wins"),
  "create-resources": setting("boolean", "false", "write the CRDs and the webhook's configuration at the start"),
  "log-level": choice(
    ["DEBUG", "INFO", "WARN", "WARNING", "ERROR", "FATAL", "debug", "info", "warn", "warning", "error", "fatal"],
    "INFO",
    "level of the log: DEBUG, INFO, WARN, ERROR or FATAL",
  ),
  debug: setting("boolean", "false", "log at level debug"),
} as const satisfies SettingTable;

/** The flags that Seldon does not have. */
export const OWN_FLAGS = {
  kubeconfig: setting("text", "", "a kubeconfig file; without it the pod's service account, else KUBECONFIG"),
  context: setting("text", "", "the context of that file"),
  workers: setting("number", "8", "deployments that are worked on at once"),
  adopt: choice(
    ["keep", "roll"],
    "keep",
    "pods of Seldon's operator: keep them until a change rolls them anyway, or roll them",
  ),
  drain: setting("duration", "10s", "how long a predictor without new requests goes on for those it has"),
  "orchestrator-shutdown-delay": setting(
    "duration",
    "5s",
    "how long an orchestrator that stops goes on serving, so that nobody sends to it any more; while somebody does, up to 1.8 times as long",
  ),
  "cluster-domain": setting("text", "cluster.local", "DNS suffix of Services"),
  "istio-filter": setting(
    "boolean",
    "false",
    "the filter is in Istio's proxies (`graphway install --istio`): routes have entries that it chooses by a header",
  ),
  "istio-settle": setting(
    "duration",
    "2s",
    "with `--istio-filter`: how long routes lead to a predictor before the filter chooses it, so that istiod has told proxies where it answers",
  ),
  "max-shadows": setting("number", "1", "predictors of one deployment that may be shadows; Seldon allows one"),
  "max-table-bytes": setting(
    "number",
    String(MAX_TABLE_BYTES),
    "largest table of the filter in bytes, from 1 to 4194304; a deployment without room in it says so in its status",
  ),
  "xds-port": setting("port", "18000", "port where orchestrators fetch their graphs; 0 takes a free one"),
  "xds-server": setting(
    "text",
    "",
    "host:port or https://host:port of that port as pods reach it; without it `graphway-xds.<our namespace>.svc.<cluster domain>:<xds-port>`; " +
      "`none`: orchestrators go by ENGINE_PREDICTOR alone",
  ),
  "xds-auth": choice(
    ["token", "none"],
    "token",
    "who may fetch graphs: holders of a service-account token, those of their own deployment; or anyone, any",
  ),
  "xds-audience": setting("text", "graphway", "audience of those tokens"),
  "xds-cert-file": setting("text", "", "certificate of the xDS port in PEM; without it the port speaks plain text"),
  "xds-key-file": setting("text", "", "its key"),
  gateway: setting("boolean", "false", "serve our own gateways: Envoys that need no Istio"),
  "gateway-service": setting("text", "graphway-gateway", "Service of the gateways in our namespace"),
  "gateway-service-account": setting("text", "graphway-gateway", "their service account, whose tokens are taken"),
  "gateway-class": setting("text", "graphway", "class of the Gateways of Gateway API that are ours"),
  "gateway-port": setting("port", "8080", "where gateways listen when there is no Gateway of that class"),
  "gateway-access-log": choice(
    ["off", "json"],
    "off",
    "a line of JSON per request on the gateways' standard output, or none",
  ),
  "mesh-identity": choice(
    ["scope", "peer", "token"],
    "scope",
    "how the namespace of an Istio proxy is known: `scope` by its own word, for the namespaces below (anyone who reaches the xDS port " +
      "can say so); `peer` by its mesh certificate, which the control plane's own sidecar has verified; `token` by a service-account token",
  ),
  "mesh-namespaces": setting(
    "text",
    "",
    "namespaces whose sidecars are believed by `--mesh-identity=scope`, separated by commas; `*`: all",
  ),
  "mesh-gateway-namespaces": setting(
    "text",
    "istio-system,istio-ingress",
    "namespaces whose proxies may be gateways, which see deployments of all namespaces; `*`: all",
  ),
  "mesh-root-namespace": setting("text", "istio-system", "Istio's root namespace, whose Sidecar counts everywhere"),
  "mesh-peers-only": setting(
    "boolean",
    "false",
    "sidecars trust each other's internal headers only with a mesh certificate: for strict mTLS",
  ),
  "mesh-scopes-per-namespace": setting(
    "number",
    "500",
    "different proxies (by their labels) of one namespace that are served; there is room for 5000 of all namespaces",
  ),
  webhook: setting("boolean", "true", "serve the admission webhook"),
  "webhook-service": setting("text", "seldon-webhook-service", "Service of the webhook in our namespace"),
  "webhook-configuration": setting(
    "text",
    "",
    "name of its ValidatingWebhookConfiguration; without it `seldon-validating-webhook-configuration-<our namespace>`",
  ),
  "webhook-secret": setting("text", "graphway-webhook-certificate", "Secret of the webhook's own certificate"),
  "webhook-cert-dir": setting(
    "text",
    "",
    "folder with `tls.crt` and `tls.key` of the webhook (cert-manager's); without it we make and renew our own",
  ),
  "stop-timeout": setting("duration", "20s", "how long work under way may take after the signal to stop"),
} as const satisfies SettingTable;

/** Every flag by its name. */
export const FLAGS = { ...SELDON_FLAGS, ...OWN_FLAGS } as const;

export type FlagName = keyof typeof FLAGS;
