import type { DeadlinePlan } from "../../plan/traffic-plan.ts";
import type { ClusterKind } from "../../plan/names.ts";
import { duration } from "../duration.ts";
import type { JsonObject } from "./resource.ts";

/** Envoy's way of saying that there is no limit. */
const UNLIMITED = "0s";

/** Envoy applies it to gRPC calls without `grpc-timeout` only, and writes it there before any filter sees the call. */
function grpcDuration({ defaultMs, maxMs }: DeadlinePlan): JsonObject {
  const silentMs = defaultMs === undefined ? maxMs : Math.min(defaultMs, maxMs ?? Infinity);
  return {
    ...(silentMs === undefined ? {} : { max_stream_duration: duration(silentMs) }),
    grpc_timeout_header_max: maxMs === undefined ? UNLIMITED : duration(maxMs),
  };
}

/**
 * How long a stream may live at most, its request's body, all tries and upgrades (WebSocket) included; without a deadline as long
 * as it moves. A gRPC call has what its `grpc-timeout` says, else the default, at most the maximum. A REST call's own wish is a
 * header that the orchestrator obeys and Envoy does not know, so of REST only the maximum is kept here, and the default
 * where nobody has looked at the wish: `isDecided` is false while the filter is away.
 */
export function streamDuration(deadline: DeadlinePlan | undefined, kind: ClusterKind, isDecided: boolean): JsonObject {
  if (deadline === undefined) return {};
  if (kind === "grpc") return { max_stream_duration: grpcDuration(deadline) };
  const limitMs = deadline.maxMs ?? (isDecided ? undefined : deadline.defaultMs);
  return limitMs === undefined ? {} : { max_stream_duration: { max_stream_duration: duration(limitMs) } };
}
