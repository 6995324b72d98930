const NAMES = [
  "OK",
  "Canceled",
  "Unknown",
  "InvalidArgument",
  "DeadlineExceeded",
  "NotFound",
  "AlreadyExists",
  "PermissionDenied",
  "ResourceExhausted",
  "FailedPrecondition",
  "Aborted",
  "OutOfRange",
  "Unimplemented",
  "Internal",
  "Unavailable",
  "DataLoss",
  "Unauthenticated",
] as const;

/** Codes beyond the standard's keep their number up to here; a node could make up any. */
const MAX_CODE = 99;

/** The name of a gRPC code as Go spells it, which is what Seldon's metrics carry. */
export function grpcCodeName(code: number): string {
  return NAMES[code] ?? (code > 0 && code <= MAX_CODE ? `Code(${code})` : "Unknown");
}
