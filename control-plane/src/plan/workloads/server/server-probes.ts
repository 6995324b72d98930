import type { Container, ContainerProbe } from "../../../model/kubernetes.ts";
import { LIVENESS_DELAY_SECONDS, probeOr, READINESS_DELAY_SECONDS } from "../graph-container.ts";

function healthProbe(path: string, initialDelaySeconds: number): ContainerProbe {
  return {
    httpGet: { path, port: "http", scheme: "HTTP" },
    initialDelaySeconds,
    periodSeconds: 5,
    timeoutSeconds: 1,
    successThreshold: 1,
    failureThreshold: 3,
  };
}

/** Probes of a server that speaks V2; the container's own stay, see `probeOr`. */
export function withHealthProbes(container: Container): Container {
  return {
    ...container,
    livenessProbe: probeOr(healthProbe("/v2/health/live", LIVENESS_DELAY_SECONDS), container.livenessProbe),
    readinessProbe: probeOr(healthProbe("/v2/health/ready", READINESS_DELAY_SECONDS), container.readinessProbe),
  };
}
