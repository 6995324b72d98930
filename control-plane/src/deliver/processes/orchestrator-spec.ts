import { fileURLToPath } from "node:url";
import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import { inheritedEnvironment } from "./environment.ts";
import type { LocalProbe } from "./health.ts";
import type { SupervisedSpec } from "./supervisor.ts";

/** The orchestrator program of this project; it keeps its compiled code between starts. */
export const ORCHESTRATOR_MAIN = fileURLToPath(
  new URL("../../../../orchestrator/bin/orchestrator.mjs", import.meta.url),
);

/** As the operator of Seldon 1.17.1 has it. */
const GRACE_MS = 20_000;
const PROMETHEUS_PATH = "/prometheus";

export interface OrchestratorPlace {
  /** The script that Node runs. */
  readonly main: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Address of our xDS server, `host:port` or `unix:path`. */
  readonly xdsServer: string;
  /** The value of ENGINE_PREDICTOR, read again at every start of the process. */
  readonly enginePredictor: () => string;
}

function loggerFlags({ orchestratorSettings }: PredictorPlan): Readonly<Record<string, string>> {
  const { loggerQueueEntries, loggerWriteTimeoutMs } = orchestratorSettings;
  return {
    ...(loggerQueueEntries === undefined ? {} : { log_work_buffer_size: String(loggerQueueEntries) }),
    ...(loggerWriteTimeoutMs === undefined ? {} : { log_write_timeout_ms: String(loggerWriteTimeoutMs) }),
  };
}

/** How to run the orchestrator of a predictor: Seldon's flags and environment, and the way to our xDS server. */
export function orchestratorSpec(
  plan: DeploymentPlan,
  predictor: PredictorPlan,
  place: OrchestratorPlace,
): SupervisedSpec {
  const flags = {
    sdep: plan.name,
    namespace: plan.namespace,
    predictor: predictor.name,
    http_port: String(place.httpPort),
    grpc_port: String(place.grpcPort),
    protocol: plan.protocol,
    transport: plan.transport,
    prometheus_path: PROMETHEUS_PATH,
    xds_server: place.xdsServer,
    ...loggerFlags(predictor),
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  const probe = (path: string): LocalProbe => ({
    action: { kind: "httpGet", scheme: "HTTP", path, port: place.httpPort, headers: {} },
    initialDelayMs: 20_000,
    periodMs: 5_000,
    timeoutMs: 5_000,
    successThreshold: 1,
    failureThreshold: 3,
  });
  return {
    label: `${plan.key}/${predictor.name}/orchestrator`,
    get launch() {
      const own = { ...predictor.orchestratorSettings.env, ENGINE_PREDICTOR: place.enginePredictor() };
      return {
        command: [process.execPath, place.main, ...args] as const,
        cwd: process.cwd(),
        env: { ...inheritedEnvironment(process.env), ...own },
      };
    },
    probes: { readiness: probe("/ready"), liveness: probe("/live") },
    graceMs: GRACE_MS,
  };
}
