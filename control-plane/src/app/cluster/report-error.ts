import { ApiError, ApiUnreachable } from "../../kubernetes-api/api-client.ts";
import type { Logger } from "./log.ts";

const UNREACHABLE_QUIET_MS = 10_000;

/** Tells of an error: `what` failed, and whatever else belongs into the line. */
export type ReportError = (what: string, error: unknown, about?: object) => void;

/**
 * Logs what went wrong; that the API server is away is said once a while, not for each thing that it was needed for, and
 * that a namespace is being deleted, or that a watch has to begin anew, is no trouble.
 */
export function createErrorReporter(log: Pick<Logger, "debug" | "info" | "warn" | "error">): ReportError {
  let saidAtMs = Number.NEGATIVE_INFINITY;
  return (what, error, about = {}) => {
    if (isOfLeavingNamespace(error)) {
      log.debug({ ...about, reason: error.message }, `${what}: its namespace is being deleted`);
      return;
    }
    if (error instanceof ApiError && error.status === 410) {
      log.info({ ...about, reason: error.message }, `${what}: the API server remembers less; listing anew`);
      return;
    }
    if (!(error instanceof ApiUnreachable)) {
      log.error({ ...about, err: error }, `${what} failed`);
      return;
    }
    if (performance.now() - saidAtMs < UNREACHABLE_QUIET_MS) return;
    saidAtMs = performance.now();
    log.warn({ ...about, reason: error.message }, "the API server can't be reached; trying on");
  };
}

/** Nothing can be written to a namespace that is being deleted, and soon there will be nothing to write about. */
function isOfLeavingNamespace(error: unknown): error is ApiError {
  if (!(error instanceof ApiError)) return false;
  const isGone = error.status === 404 && /^namespaces "[^"]*" not found$/.test(error.message);
  return isGone || error.causes.some(({ reason }) => reason === "NamespaceTerminating");
}
