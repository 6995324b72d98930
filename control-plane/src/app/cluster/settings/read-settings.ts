import { hostname } from "node:os";
import { MAX_TABLE_BYTES } from "#proto/vocabulary/limits.ts";
import { DEFAULT_MODEL_SETTINGS, type ModelSettings } from "../../../model/settings.ts";
import { DEFAULT_PLAN_OPTIONS, type PlanOptions } from "../../../plan/options.ts";
import { DEFAULT_WORKLOAD_OPTIONS, type OrchestratorOptions } from "../../../plan/workload-options.ts";
import type {
  ClusterSettings,
  GatewaySettings,
  LeaderSettings,
  LogLevel,
  MeshSettings,
  WebhookSettings,
  XdsSettings,
} from "./cluster-settings.ts";
import type { FlagName } from "./flag-table.ts";
import { parseSettings, type Environment, type SettingTexts } from "./parse-settings.ts";
import { durationMs, truthOf } from "./read-value.ts";
import { VARIABLES, type VariableName } from "./variable-table.ts";

/** What was read, or why nothing can be started with it. */
export type ReadSettings =
  | { readonly kind: "settings"; readonly settings: ClusterSettings; readonly warnings: readonly string[] }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly messages: readonly string[] };

/** Reads all settings. Never throws; every message names the setting and what it says. */
export function readSettings(args: readonly string[], env: Environment): ReadSettings {
  const parsed = parseSettings(args, env);
  if (parsed.kind !== "texts") return parsed;
  const { texts } = parsed;
  const messages = faultsTogether(texts);
  if (messages.length > 0) return { kind: "wrong", messages };
  return { kind: "settings", settings: settingsOf(texts), warnings: [...parsed.warnings, ...portWarnings(texts)] };
}

/** Values that are each right and can't be together. */
function faultsTogether(texts: SettingTexts): readonly string[] {
  const messages: string[] = [];
  const [certFile, keyFile] = [texts.flag("xds-cert-file"), texts.flag("xds-key-file")];
  if ((certFile === "") !== (keyFile === "")) messages.push("--xds-cert-file and --xds-key-file go together");
  const leader = leaderOf(texts);
  if (leader.renewDeadlineMs >= leader.leaseDurationMs)
    messages.push("--leader-election-renew-deadline-secs must be below --leader-election-lease-duration-secs");
  if (leader.retryPeriodMs >= leader.renewDeadlineMs)
    messages.push("--leader-election-retry-period-secs must be below --leader-election-renew-deadline-secs");
  if (!/:\d{1,5}$/.test(texts.flag("metrics-addr")))
    messages.push(`--metrics-addr: ${JSON.stringify(texts.flag("metrics-addr"))} is not host:port or :port`);
  if (Number(texts.flag("workers")) < 1) messages.push('--workers: "0" does no work; give 1 or more');
  const tableBytes = Number(texts.flag("max-table-bytes"));
  if (tableBytes < 1 || tableBytes > MAX_TABLE_BYTES)
    messages.push(`--max-table-bytes: "${tableBytes}" is no size of a table; give 1 to ${MAX_TABLE_BYTES}`);
  for (const name of ["DEFAULT_USER_ID", "EXECUTOR_CONTAINER_USER"] as const)
    if (!/^\d*$/.test(texts.variable(name)))
      messages.push(`${name}: ${JSON.stringify(texts.variable(name))} is not a user's number`);
  return messages;
}

/** Helm's `executor.port` sets EXECUTOR_SERVER_PORT alone, and Seldon's Services then pointed nowhere: here it counts. */
function enginePort(
  texts: SettingTexts,
  engine: "ENGINE_SERVER_PORT" | "ENGINE_SERVER_GRPC_PORT",
  executor: "EXECUTOR_SERVER_PORT" | "EXECUTOR_SERVER_GRPC_PORT",
): number {
  const isExecutors = !texts.has(engine) && texts.variable(executor) !== "";
  return Number(texts.variable(isExecutors ? executor : engine));
}

function portWarnings(texts: SettingTexts): readonly string[] {
  const pairs = [
    ["ENGINE_SERVER_PORT", "EXECUTOR_SERVER_PORT"],
    ["ENGINE_SERVER_GRPC_PORT", "EXECUTOR_SERVER_GRPC_PORT"],
  ] as const;
  return pairs.flatMap(([engine, executor]) => {
    const differs = texts.has(engine) && texts.has(executor) && texts.variable(engine) !== texts.variable(executor);
    if (!differs || texts.variable(executor) === "") return [];
    return [`${executor}=${texts.variable(executor)} has no effect: ${engine}=${texts.variable(engine)} wins`];
  });
}

function settingsOf(texts: SettingTexts): ClusterSettings {
  const ownNamespace = texts.variable("POD_NAMESPACE") || texts.flag("operator-namespace") || "seldon-system";
  const isOn = (name: VariableName): boolean => truthOf(texts.variable(name)) === true;
  return {
    kubeconfig: texts.flag("kubeconfig") || undefined,
    context: texts.flag("context") || undefined,
    namespace: texts.variable("WATCH_NAMESPACE") || texts.flag("namespace") || undefined,
    ownNamespace,
    podName: texts.variable("POD_NAME") || hostname(),
    podUid: texts.variable("POD_UID") || undefined,
    controllerId: texts.variable("CONTROLLER_ID"),
    model: modelSettings(texts),
    plan: planOptions(texts, ownNamespace),
    rollout: {
      istio: isOn("ISTIO_ENABLED"),
      keda: isOn("KEDA_ENABLED"),
      drainMs: milliseconds(texts, "drain"),
      istioTlsMode: texts.variable("ISTIO_TLS_MODE"),
      istioOptions: { namedEntries: flagIsOn(texts, "istio-filter") },
      settleMs: flagIsOn(texts, "istio-filter") ? milliseconds(texts, "istio-settle") : 0,
      adopt: texts.flag("adopt") === "roll" ? "roll" : "keep",
      graphsByXds: xdsServer(texts, ownNamespace) !== undefined,
    },
    workers: Number(texts.flag("workers")),
    leader: flagIsOn(texts, "enable-leader-election") ? leaderOf(texts) : undefined,
    xds: xdsSettings(texts),
    gateway: gatewaySettings(texts),
    mesh: isOn("ISTIO_ENABLED") ? meshSettings(texts) : undefined,
    maxTableBytes: Number(texts.flag("max-table-bytes")),
    webhook: webhookSettings(texts, ownNamespace),
    metrics: listenAddress(texts.flag("metrics-addr")),
    logLevel: flagIsOn(texts, "debug") ? "debug" : logLevel(texts.flag("log-level")),
    createsResources: flagIsOn(texts, "create-resources"),
    stopTimeoutMs: milliseconds(texts, "stop-timeout"),
    relatedImages: relatedImages(texts),
  };
}

function modelSettings(texts: SettingTexts): ModelSettings {
  return {
    ...DEFAULT_MODEL_SETTINGS,
    firstHttpPort: Number(texts.variable("PREDICTIVE_UNIT_HTTP_SERVICE_PORT")),
    firstGrpcPort: Number(texts.variable("PREDICTIVE_UNIT_GRPC_SERVICE_PORT")),
    firstMetricsPort: Number(texts.variable("PREDICTIVE_UNIT_METRICS_SERVICE_PORT")),
    metricsPortName: texts.variable("PREDICTIVE_UNIT_METRICS_PORT_NAME"),
    maxShadows: Number(texts.flag("max-shadows")),
  };
}

function planOptions(texts: SettingTexts, ownNamespace: string): PlanOptions {
  return {
    ...DEFAULT_PLAN_OPTIONS,
    gateway: texts.variable("ISTIO_GATEWAY"),
    clusterDomain: texts.flag("cluster-domain"),
    orchestratorHttpPort: enginePort(texts, "ENGINE_SERVER_PORT", "EXECUTOR_SERVER_PORT"),
    orchestratorGrpcPort: enginePort(texts, "ENGINE_SERVER_GRPC_PORT", "EXECUTOR_SERVER_GRPC_PORT"),
    deploymentNameAsPrefix: truthOf(texts.variable("DEPLOYMENT_NAME_AS_PREFIX")) === true,
    prometheusPath: texts.variable("EXECUTOR_PROMETHEUS_PATH"),
    metricsPortName: texts.variable("PREDICTIVE_UNIT_METRICS_PORT_NAME"),
    requestLoggerUrl: texts.variable("EXECUTOR_REQUEST_LOGGER_DEFAULT_ENDPOINT"),
    workloads: {
      ...DEFAULT_WORKLOAD_OPTIONS,
      orchestrator: orchestratorOptions(texts, ownNamespace),
      defaultUserId: texts.variable("DEFAULT_USER_ID"),
      certMountPath: texts.variable("DEFAULT_CERT_MOUNT_PATH_NAME"),
      defaultEnvSecretName: texts.variable("PREDICTIVE_UNIT_DEFAULT_ENV_SECRET_REF_NAME"),
      keda: truthOf(texts.variable("KEDA_ENABLED")) === true,
    },
  };
}

function orchestratorOptions(texts: SettingTexts, ownNamespace: string): OrchestratorOptions {
  const server = xdsServer(texts, ownNamespace);
  return {
    image: texts.variable("RELATED_IMAGE_EXECUTOR") || texts.variable("EXECUTOR_CONTAINER_IMAGE_AND_VERSION"),
    imagePullPolicy: texts.variable("EXECUTOR_CONTAINER_IMAGE_PULL_POLICY"),
    userId: texts.variable("EXECUTOR_CONTAINER_USER"),
    serviceAccount: texts.variable("EXECUTOR_CONTAINER_SERVICE_ACCOUNT_NAME"),
    metricsPortName: texts.variable("EXECUTOR_SERVER_METRICS_PORT_NAME"),
    fullHealthChecks: truthOf(texts.variable("EXECUTOR_FULL_HEALTH_CHECKS")) === true,
    loggerQueueEntries: Number(texts.variable("EXECUTOR_REQUEST_LOGGER_WORK_QUEUE_SIZE")),
    loggerWriteTimeoutMs: Number(texts.variable("EXECUTOR_REQUEST_LOGGER_WRITE_TIMEOUT_MS")),
    requests: {
      cpu: texts.variable("EXECUTOR_DEFAULT_CPU_REQUEST"),
      memory: texts.variable("EXECUTOR_DEFAULT_MEMORY_REQUEST"),
    },
    limits: {
      cpu: texts.variable("EXECUTOR_DEFAULT_CPU_LIMIT"),
      memory: texts.variable("EXECUTOR_DEFAULT_MEMORY_LIMIT"),
    },
    ...(server === undefined ? {} : { xdsServer: server }),
    xdsTokenAudience: texts.flag("xds-audience"),
    shutdownDelayMs: milliseconds(texts, "orchestrator-shutdown-delay"),
  };
}

function xdsServer(texts: SettingTexts, ownNamespace: string): string | undefined {
  const given = texts.flag("xds-server");
  if (given === "none") return undefined;
  const scheme = texts.flag("xds-cert-file") === "" ? "" : "https://";
  return given || `${scheme}graphway-xds.${ownNamespace}.svc.${texts.flag("cluster-domain")}:${texts.flag("xds-port")}`;
}

function leaderOf(texts: SettingTexts): LeaderSettings {
  const seconds = (name: FlagName): number => Number(texts.flag(name)) * 1000;
  return {
    leaseName: texts.flag("leader-election-id"),
    leaseDurationMs: seconds("leader-election-lease-duration-secs"),
    renewDeadlineMs: seconds("leader-election-renew-deadline-secs"),
    retryPeriodMs: seconds("leader-election-retry-period-secs"),
  };
}

function xdsSettings(texts: SettingTexts): XdsSettings {
  const certFile = texts.flag("xds-cert-file");
  return {
    port: Number(texts.flag("xds-port")),
    auth: texts.flag("xds-auth") === "none" ? "none" : "token",
    audience: texts.flag("xds-audience"),
    tls: certFile === "" ? undefined : { certFile, keyFile: texts.flag("xds-key-file") },
  };
}

function gatewaySettings(texts: SettingTexts): GatewaySettings | undefined {
  if (!flagIsOn(texts, "gateway")) return undefined;
  return {
    service: texts.flag("gateway-service"),
    serviceAccount: texts.flag("gateway-service-account"),
    gatewayClass: texts.flag("gateway-class"),
    port: Number(texts.flag("gateway-port")),
    accessLog: texts.flag("gateway-access-log") === "json" ? "json" : "off",
  };
}

function meshSettings(texts: SettingTexts): MeshSettings {
  const identity = texts.flag("mesh-identity");
  const names = (flag: FlagName): readonly string[] =>
    texts
      .flag(flag)
      .split(",")
      .map((one) => one.trim())
      .filter(Boolean);
  return {
    identity: identity === "peer" || identity === "token" ? identity : "scope",
    namespaces: names("mesh-namespaces"),
    gatewayNamespaces: names("mesh-gateway-namespaces"),
    rootNamespace: texts.flag("mesh-root-namespace"),
    peersOnly: flagIsOn(texts, "mesh-peers-only"),
    scopesPerNamespace: Number(texts.flag("mesh-scopes-per-namespace")),
  };
}

function webhookSettings(texts: SettingTexts, ownNamespace: string): WebhookSettings | undefined {
  if (!flagIsOn(texts, "webhook")) return undefined;
  return {
    port: Number(texts.flag("webhook-port")),
    service: texts.flag("webhook-service"),
    configuration: texts.flag("webhook-configuration") || `seldon-validating-webhook-configuration-${ownNamespace}`,
    secret: texts.flag("webhook-secret"),
    certDir: texts.flag("webhook-cert-dir") || undefined,
  };
}

function listenAddress(address: string): ClusterSettings["metrics"] {
  const at = address.lastIndexOf(":");
  return { host: address.slice(0, at).replace(/^\[|\]$/g, "") || "0.0.0.0", port: Number(address.slice(at + 1)) };
}

function logLevel(text: string): LogLevel {
  const level = text.toLowerCase();
  if (level === "warning") return "warn";
  return level === "debug" || level === "warn" || level === "error" || level === "fatal" ? level : "info";
}

function relatedImages(texts: SettingTexts): Readonly<Record<string, string>> {
  const names = (Object.keys(VARIABLES) as VariableName[]).filter((name) => name.startsWith("RELATED_IMAGE_"));
  const images = names.map((name): readonly [string, string] => [name, texts.variable(name)]);
  return Object.fromEntries<string>(images.filter(([, image]) => image !== ""));
}

function flagIsOn(texts: SettingTexts, name: FlagName): boolean {
  return truthOf(texts.flag(name)) === true;
}

function milliseconds(texts: SettingTexts, name: FlagName): number {
  return durationMs(texts.flag(name)) ?? 0;
}
