import type { DefaultedPredictor } from "../../model/defaulted.ts";
import type { Container, ContainerProbe, EnvVar, VolumeMount } from "../../model/kubernetes.ts";
import type { PlanContext } from "../context.ts";
import { orchestratorEnv } from "../orchestrator.ts";
import { ORCHESTRATOR_CONTAINER } from "../workload-plan.ts";
import { hasCertificate, POD_INFO_MOUNT, userContext, withCertificate } from "./pod-spec.ts";
import type { Volume } from "./server/server-additions.ts";
import { shutdownTimes, type ShutdownTimes } from "./shutdown.ts";

const TOKEN_MOUNT: VolumeMount = {
  name: "graphway-token",
  mountPath: "/var/run/secrets/graphway.dev/token",
  readOnly: true,
};
/** How long a token holds; the kubelet renews it well before. */
const TOKEN_SECONDS = 3600;

/** Volumes of the orchestrator's own: the token by which the control plane knows it. */
export function orchestratorVolumes({ options }: PlanContext): readonly Volume[] {
  const { xdsServer, xdsTokenAudience } = options.workloads.orchestrator;
  if (xdsServer === undefined) return [];
  const serviceAccountToken = { path: "token", audience: xdsTokenAudience, expirationSeconds: TOKEN_SECONDS };
  return [{ name: TOKEN_MOUNT.name, projected: { sources: [{ serviceAccountToken }] } }];
}

/** Flags of our own: where graphs that change come from, and how long to serve on after the signal to stop. */
function ownFlags({ options }: PlanContext, { delayMs, drainMs }: ShutdownTimes): readonly string[] {
  const { xdsServer } = options.workloads.orchestrator;
  const xds =
    xdsServer === undefined
      ? []
      : ["--xds_server", xdsServer, "--xds_token_file", `${TOKEN_MOUNT.mountPath}/${TOKEN_FILE}`];
  return [
    ...xds,
    ...(delayMs === 0 ? [] : ["--shutdown_delay", `${delayMs}ms`]),
    ...(drainMs === undefined ? [] : ["--graceful_timeout", `${drainMs}ms`]),
  ];
}

const TOKEN_FILE = "token";

/** Seldon's flags in Seldon's order, then our own. What a graph brings by xDS is no flag: its edits restart nothing. */
function flags(context: PlanContext, predictor: DefaultedPredictor, stop: ShutdownTimes): readonly string[] {
  const { annotations, name, namespace, options, resource, transport } = context;
  const { protocol = "" } = resource.spec;
  const { loggerQueueEntries, loggerWriteTimeoutMs, fullHealthChecks } = options.workloads.orchestrator;
  return [
    ...["--sdep", name],
    ...["--namespace", namespace],
    ...["--predictor", predictor.name],
    ...["--http_port", String(options.orchestratorHttpPort)],
    ...["--grpc_port", String(options.orchestratorGrpcPort)],
    ...["--protocol", protocol === "" ? "seldon" : protocol],
    ...["--transport", transport],
    ...["--prometheus_path", options.prometheusPath],
    // Requests are read over REST and gRPC only; a deployment that wants Kafka is told so.
    ...["--server_type", "rpc"],
    ...["--log_work_buffer_size", String(annotations.loggerQueueEntries ?? loggerQueueEntries)],
    ...["--log_write_timeout_ms", String(annotations.loggerWriteTimeoutMs ?? loggerWriteTimeoutMs)],
    `--full_health_checks=${fullHealthChecks}`,
    ...ownFlags(context, stop),
  ];
}

const LIVENESS_DELAY_SECONDS = 20;
/** Seldon waits 20 s here too. Ours listens within a second, and until it is ready no route leads to the pod. */
const READINESS_DELAY_SECONDS = 2;

function probe(
  { options }: PlanContext,
  predictor: DefaultedPredictor,
  path: string,
  initialDelaySeconds: number,
): ContainerProbe {
  const scheme = hasCertificate(predictor) ? "HTTPS" : "HTTP";
  return {
    httpGet: { path, port: options.orchestratorHttpPort, scheme },
    initialDelaySeconds,
    periodSeconds: 5,
    timeoutSeconds: 60,
    successThreshold: 1,
    failureThreshold: 3,
  };
}

function securityContext(userId: string): Pick<Container, "securityContext"> {
  const user = userContext(userId).securityContext;
  return user === undefined ? {} : { securityContext: { ...user, allowPrivilegeEscalation: false } };
}

/**
 * The orchestrator of a predictor, in the place of Seldon's executor: same name, arguments, ports, probes and
 * variables, but for ENGINE_PREDICTOR, which is added when this is written out.
 *
 * @param graceSeconds what the user gives the pod to stop, if anything
 */
export function planOrchestratorContainer(
  context: PlanContext,
  predictor: DefaultedPredictor,
  graceSeconds: number | undefined,
): Container {
  const { options } = context;
  const { image, imagePullPolicy, limits, metricsPortName, requests, userId, xdsServer } =
    options.workloads.orchestrator;
  const env: readonly EnvVar[] = orchestratorEnv(context, predictor);
  const container: Container = {
    name: ORCHESTRATOR_CONTAINER,
    image,
    imagePullPolicy,
    args: flags(context, predictor, shutdownTimes(context, graceSeconds)),
    env,
    // Scrapers find the metrics by their port's name. Of two ports with one number the first is written, so it is first.
    ports: [
      { name: metricsPortName, containerPort: options.orchestratorHttpPort, protocol: "TCP" },
      { name: "http", containerPort: options.orchestratorHttpPort, protocol: "TCP" },
      { name: "grpc", containerPort: options.orchestratorGrpcPort, protocol: "TCP" },
    ],
    livenessProbe: probe(context, predictor, "/live", LIVENESS_DELAY_SECONDS),
    readinessProbe: probe(context, predictor, "/ready", READINESS_DELAY_SECONDS),
    resources: predictor.svcOrchSpec?.resources ?? { limits, requests },
    ...securityContext(userId),
    volumeMounts: xdsServer === undefined ? [POD_INFO_MOUNT] : [POD_INFO_MOUNT, TOKEN_MOUNT],
  };
  return hasCertificate(predictor) ? withCertificate(context, container) : container;
}
