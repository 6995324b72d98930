import { asCallError, GRPC } from "../execute/call-error.ts";
import { Scope } from "../execute/scope.ts";
import { UnaryClient } from "../node/grpc/unary-client.ts";
import type { ClientTls } from "../tls/client-tls.ts";

const HEALTH_CHECK = "/grpc.health.v1.Health/Check";
/** A HealthCheckResponse with status SERVING. */
const SERVING = Buffer.from([0x08, 1]);
const MAX_REPLY_BYTES = 64 * 1024;

/** Asks a gRPC node for its health, on a connection of its own. One that has no such service has shown that it serves. */
export async function grpcNodeServes(
  host: string,
  port: number,
  timeoutMs: number,
  tls: ClientTls | undefined,
): Promise<boolean> {
  const limits = { connections: 1, queue: 0, connectTimeoutMs: timeoutMs, maxReplyBytes: MAX_REPLY_BYTES, tls };
  const client = new UnaryClient(host, port, limits);
  const scope = new Scope(performance.now() + timeoutMs);
  try {
    const reply = await client.call(HEALTH_CHECK, Buffer.alloc(0), [], scope);
    return reply.equals(SERVING);
  } catch (error) {
    return asCallError(error).grpcCode === GRPC.UNIMPLEMENTED;
  } finally {
    scope.end();
    client.destroy();
  }
}
