import { connect } from "node:net";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { ProbeAction } from "../../plan/deployment-plan.ts";
import { checkGrpcHealth } from "./grpc-health.ts";
import type { Guard, Launch } from "./guard.ts";
import type { ProbeResult } from "./probe-result.ts";

/** A probe's action with the port that the process really has. */
export type LocalAction =
  | (Extract<ProbeAction, { kind: "httpGet" }> & { readonly port: number })
  | (Extract<ProbeAction, { kind: "tcpSocket" }> & { readonly port: number })
  | Extract<ProbeAction, { kind: "grpc" }>
  | { readonly kind: "exec"; readonly launch: Launch };

const LOOPBACK = "127.0.0.1";
const OK: ProbeResult = { ok: true };

/** Carries out one probe against a local process. Never rejects; gives up after `timeoutMs`. */
export function runProbe(action: LocalAction, timeoutMs: number, guard: Guard): Promise<ProbeResult> {
  switch (action.kind) {
    case "httpGet":
      return probeHttp(action, timeoutMs);
    case "tcpSocket":
      return probeTcp(action.port, timeoutMs);
    case "grpc":
      return checkGrpcHealth(`${LOOPBACK}:${action.port}`, action.service, timeoutMs);
    case "exec":
      return probeExec(action.launch, timeoutMs, guard);
  }
}

function failed(reason: string): ProbeResult {
  return { ok: false, reason };
}

/** As the kubelet: 200 to 399 is fine, redirects are not followed, certificates are not verified. */
function probeHttp(action: LocalAction & { kind: "httpGet" }, timeoutMs: number): Promise<ProbeResult> {
  const where = `GET ${action.path} on port ${action.port}`;
  return new Promise((resolve) => {
    const options = {
      host: LOOPBACK,
      port: action.port,
      path: action.path === "" ? "/" : action.path,
      headers: { "user-agent": "kube-probe/1.36", accept: "*/*", ...action.headers },
      agent: false as const,
      signal: AbortSignal.timeout(timeoutMs),
    };
    const request =
      action.scheme === "HTTPS" ? httpsRequest({ ...options, rejectUnauthorized: false }) : httpRequest(options);
    request.on("response", (response) => {
      const status = response.statusCode ?? 0;
      response.on("error", () => undefined);
      response.destroy();
      resolve(status >= 200 && status < 400 ? OK : failed(`${where} answered ${status}`));
    });
    request.on("error", (error) => {
      resolve(failed(`${where}: ${error.name === "AbortError" ? `no answer in ${timeoutMs} ms` : error.message}`));
    });
    request.end();
  });
}

function probeTcp(port: number, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ host: LOOPBACK, port, signal: AbortSignal.timeout(timeoutMs) });
    socket.once("connect", () => {
      socket.destroy();
      resolve(OK);
    });
    socket.on("error", (error) => {
      const text = error.name === "AbortError" ? `no connection in ${timeoutMs} ms` : error.message;
      resolve(failed(`port ${port}: ${text}`));
    });
  });
}

async function probeExec(launch: Launch, timeoutMs: number, guard: Guard): Promise<ProbeResult> {
  const child = guard.spawn(launch, { leftoverGraceMs: 0 });
  const timer = setTimeout(() => void child.stop(0), timeoutMs);
  const exit = await child.exited;
  clearTimeout(timer);
  if (exit.code === 0) return OK;
  const how =
    exit.error ?? (exit.signal === null ? `exit code ${exit.code ?? "unknown"}` : `no end in ${timeoutMs} ms`);
  return failed(`${launch.command.join(" ")}: ${how}`);
}
