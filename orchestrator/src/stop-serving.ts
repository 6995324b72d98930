import type { Server } from "node:http";
import type { Options } from "./config/flags.ts";
import type { Endpoints } from "./node/endpoints.ts";
import type { PayloadLog } from "./observe/payload-log/payload-log.ts";
import type { Tracing } from "./observe/tracing/tracing.ts";
import type { GrpcPort } from "./server/grpc/grpc-port.ts";
import { closeRest } from "./server/rest/close-rest.ts";
import { serveOn, type Clock } from "./server/serve-on.ts";
import type { Subscription } from "./xds/graph-subscription.ts";

/** What runs, and ends with the process. */
export interface Running {
  readonly rest: Server;
  readonly grpc: GrpcPort;
  readonly endpoints: Endpoints;
  readonly payloadLog: PayloadLog;
  readonly tracing: Tracing | undefined;
  readonly xds: Subscription | undefined;
  /** Requests that have come since the start. */
  readonly arrivals: () => number;
  /** Whether the graph's nodes take connections. */
  readonly areNodesThere: () => Promise<boolean>;
}

type StopOptions = Pick<Options, "shutdownDelayMs" | "shutdownDelayMaxMs" | "gracefulTimeoutMs">;

/** A collector that is away holds up no stop. */
const FLUSH_TIMEOUT_MS = 5000;

/** Time as it is. */
export const REAL_TIME: Clock = {
  nowMs: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** Serves on for the delay, ends what is in flight, then sends what waits to be sent. True when every request ended in time. */
export async function stopServing(options: StopOptions, running: Running, clock: Clock): Promise<boolean> {
  const { rest, grpc, endpoints, payloadLog, tracing, xds, arrivals, areNodesThere } = running;
  const { shutdownDelayMs, shutdownDelayMaxMs, gracefulTimeoutMs } = options;
  // The pod's time to stop is for both together: who serves on for longer has less for what is in flight.
  const endMs = clock.nowMs() + shutdownDelayMs + gracefulTimeoutMs;
  const leftMs = (): number => Math.max(0, endMs - clock.nowMs());
  grpc.drain();
  await serveOn(
    { leastMs: shutdownDelayMs, mostMs: shutdownDelayMaxMs },
    {
      arrivals,
      turnAway: () => {
        grpc.turnAway();
      },
      areNodesThere,
    },
    clock,
  );
  xds?.stop();
  const drainMs = leftMs();
  const ended = await Promise.all([closeRest(rest, drainMs), grpc.close(drainMs)]);
  endpoints.destroy();
  await Promise.all([payloadLog.stop(leftMs()), tracing?.flush(Math.min(leftMs(), FLUSH_TIMEOUT_MS))]);
  return ended.every(Boolean);
}
