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
