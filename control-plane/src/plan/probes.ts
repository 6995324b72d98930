import type { ContainerProbe, ExecAction, GrpcAction, HttpGetAction, TcpSocketAction } from "../model/kubernetes.ts";
import type { Probe, ProbeAction } from "./deployment-plan.ts";

interface Handler {
  readonly httpGet?: HttpGetAction;
  readonly tcpSocket?: TcpSocketAction;
  readonly exec?: ExecAction;
  readonly grpc?: GrpcAction;
}

/** What a probe or a hook does; Kubernetes' defaults filled in. */
export function planAction({ httpGet, tcpSocket, exec, grpc }: Handler): ProbeAction | undefined {
  if (httpGet !== undefined) {
    return {
      kind: "httpGet",
      path: httpGet.path ?? "/",
      port: httpGet.port,
      scheme: httpGet.scheme === "HTTPS" ? "HTTPS" : "HTTP",
      headers: Object.fromEntries((httpGet.httpHeaders ?? []).map(({ name, value }) => [name, value])),
    };
  }
  if (tcpSocket !== undefined) return { kind: "tcpSocket", port: tcpSocket.port };
  if (grpc !== undefined) return { kind: "grpc", port: grpc.port, service: grpc.service ?? "" };
  return exec === undefined ? undefined : { kind: "exec", command: exec.command ?? [] };
}

/** A probe as Kubernetes would run it. */
export function planProbe(probe: ContainerProbe | undefined): Probe | undefined {
  const action = probe === undefined ? undefined : planAction(probe);
  if (probe === undefined || action === undefined) return undefined;
  return {
    action,
    initialDelaySeconds: probe.initialDelaySeconds ?? 0,
    periodSeconds: probe.periodSeconds ?? 10,
    timeoutSeconds: probe.timeoutSeconds ?? 1,
    successThreshold: probe.successThreshold ?? 1,
    failureThreshold: probe.failureThreshold ?? 3,
  };
}

/** Seconds after which Seldon 1.17.1 begins to probe a container of the graph that brings no probe. */
export const READINESS_DELAY_SECONDS = 20;
export const LIVENESS_DELAY_SECONDS = 60;

/** Seldon's own probe: can the node's port be connected to? */
export function connectProbe(port: string, initialDelaySeconds: number): Probe {
  return {
    action: { kind: "tcpSocket", port },
    initialDelaySeconds,
    periodSeconds: 5,
    timeoutSeconds: 1,
    successThreshold: 1,
    failureThreshold: 3,
  };
}

/** Seldon's own hook: lets requests in flight finish before the container is told to stop. */
export const DEFAULT_PRE_STOP: ProbeAction = { kind: "exec", command: ["/bin/sh", "-c", "/bin/sleep 10"] };
