const GRPC_UNITS_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000001,
};

/**
 * When a REST request must be answered, in performance.now() time: `x-graphway-timeout-ms`, else `grpc-timeout`
 * (digits and a unit, as gRPC writes it). Infinity when neither says so, or says it wrongly.
 */
export function deadlineOf(timeoutMs: string | undefined, grpcTimeout: string | undefined): number {
  if (timeoutMs !== undefined && /^\d{1,9}$/.test(timeoutMs)) return performance.now() + Number(timeoutMs);
  if (grpcTimeout !== undefined) {
    const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(grpcTimeout) ?? [];
    if (digits !== undefined && unit !== undefined) {
      return performance.now() + Number(digits) * (GRPC_UNITS_MS[unit] ?? Infinity);
    }
  }
  return Infinity;
}
