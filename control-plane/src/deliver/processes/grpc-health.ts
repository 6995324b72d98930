import { credentials, Client, type ServiceError } from "@grpc/grpc-js";
import type { ProbeResult } from "./probe-result.ts";

const CHECK = "/grpc.health.v1.Health/Check";
const STATUS_NAMES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/** One `grpc.health.v1.Health/Check`; fine only when the answer is SERVING. */
export function checkGrpcHealth(target: string, service: string, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const client = new Client(target, credentials.createInsecure(), { "grpc.enable_http_proxy": 0 });
    const finish = (error: ServiceError | null, status?: number): void => {
      client.close();
      if (error === null && status === 1) resolve({ ok: true });
      else
        resolve({
          ok: false,
          reason: `gRPC health of ${target}: ${error?.details ?? STATUS_NAMES[status ?? 0] ?? "?"}`,
        });
    };
    client.makeUnaryRequest(CHECK, encodeRequest, decodeStatus, service, { deadline: Date.now() + timeoutMs }, finish);
  });
}

/** `HealthCheckRequest { string service = 1; }` */
function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service, "utf8");
  if (name.length === 0) return name;
  const length: number[] = [];
  let rest = name.length;
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([0x0a, ...length, rest]), name]);
}

/** `HealthCheckResponse { ServingStatus status = 1; }`: absent is 0. */
function decodeStatus(message: Buffer): number {
  return message[0] === 0x08 ? (message[1] ?? 0) : 0;
}
