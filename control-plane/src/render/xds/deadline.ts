import type { DeadlinePlan } from "../../plan/traffic-plan.ts";
import type { ClusterKind } from "../../plan/names.ts";
import { duration } from "../duration.ts";
import type { JsonObject } from "./resource.ts";

/** Envoy's way of saying that there is no limit. */
const UNLIMITED = "0s";

/**
 * How long a stream may live at most, its request's body, all tries and upgrades (WebSocket) included; without a deadline as long
 * as it moves. A gRPC call has what its `grpc-timeout` says, which the filter has made to fit the deadline. A REST call's own
 * wish is a header that the orchestrator obeys and Envoy does not know, so of REST only the maximum is kept here, and the
 * default where nobody has looked at the wish: `isDecided` is false while the filter is away.
 */
export function streamDuration(deadline: DeadlinePlan | undefined, kind: ClusterKind, isDecided: boolean): JsonObject {
  if (deadline === undefined) return {};
  const { defaultMs, maxMs } = deadline;
  const limitMs = maxMs ?? (isDecided ? undefined : defaultMs);
  const limit = limitMs === undefined ? {} : { max_stream_duration: duration(limitMs) };
  const wish = kind === "grpc" ? { grpc_timeout_header_max: maxMs === undefined ? UNLIMITED : duration(maxMs) } : {};
  const both = { ...limit, ...wish };
  return Object.keys(both).length === 0 ? {} : { max_stream_duration: both };
}
