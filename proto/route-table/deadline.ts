import { HEADER_GRPC_TIMEOUT, HEADER_TIMEOUT_MS } from "../vocabulary/headers.ts";
import { MAX_TIMEOUT_MS } from "../vocabulary/table-layout.ts";
import type { TableDeployment } from "./model.ts";
import { type Call, type Headers, onlyValue } from "./request.ts";

/** Nanoseconds of the units of `grpc-timeout`. */
const UNITS: Readonly<Record<string, bigint>> = {
  H: 3_600_000_000_000n,
  M: 60_000_000_000n,
  S: 1_000_000_000n,
  m: 1_000_000n,
  u: 1_000n,
  n: 1n,
};

/** Milliseconds, rounded up; undefined when it says nothing. */
function readGrpcTimeout(text: string | undefined): number | undefined {
  const [, digits = "", unit = ""] = /^([0-9]{1,8})([HMSmun])$/.exec(text ?? "") ?? [];
  const nanoseconds = BigInt(digits) * (UNITS[unit] ?? 0n);
  return nanoseconds === 0n ? undefined : Number((nanoseconds + 999_999n) / 1_000_000n);
}

function readMilliseconds(text: string | undefined): number | undefined {
  const ms = /^[0-9]{1,8}$/.test(text ?? "") ? Number(text) : 0;
  return ms === 0 ? undefined : ms;
}

/** What a deployment's deadline changes on a request. */
export interface DeadlineChange {
  readonly remove: readonly string[];
  readonly set: Headers;
}

/** The deadline of a request to a deployment that has a default or a maximum; nothing is changed for others. */
export function deadlineOf(deployment: TableDeployment, call: Call, headers: Headers): DeadlineChange {
  const { defaultTimeoutMs, maxTimeoutMs } = deployment;
  if (defaultTimeoutMs === undefined && maxTimeoutMs === undefined) return { remove: [], set: [] };
  const isGrpc = call.transport === "grpc";
  const words = [
    isGrpc ? readGrpcTimeout(onlyValue(headers, HEADER_GRPC_TIMEOUT)) : undefined,
    readMilliseconds(onlyValue(headers, HEADER_TIMEOUT_MS)),
  ].filter((word) => word !== undefined);
  const asked = words.length > 0 ? Math.min(...words) : (defaultTimeoutMs ?? Infinity);
  const ms = Math.min(asked, maxTimeoutMs ?? Infinity, MAX_TIMEOUT_MS);
  const [name, text] = isGrpc ? [HEADER_GRPC_TIMEOUT, `${ms}m`] : [HEADER_TIMEOUT_MS, String(ms)];
  return {
    remove: isGrpc ? [HEADER_TIMEOUT_MS] : [],
    set: onlyValue(headers, name) === text ? [] : [[name, text]],
  };
}
