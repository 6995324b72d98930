import type { Container, ContainerProbe } from "../../../model/kubernetes.ts";
import { LIVENESS_DELAY_SECONDS, READINESS_DELAY_SECONDS } from "../graph-container.ts";

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

/** Probes of a server that speaks V2; the container's own stay. */
export function withHealthProbes(container: Container): Container {
  return {
    ...container,
    livenessProbe: container.livenessProbe ?? healthProbe("/v2/health/live", LIVENESS_DELAY_SECONDS),
    readinessProbe: container.readinessProbe ?? healthProbe("/v2/health/ready", READINESS_DELAY_SECONDS),
  };
}
