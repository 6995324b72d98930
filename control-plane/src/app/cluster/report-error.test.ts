import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ApiError, ApiUnreachable } from "../../kubernetes-api/api-client.ts";
import { createErrorReporter } from "./report-error.ts";

/** What is logged of errors that come one after the other, as level and message. */
function logOf(...errors: readonly unknown[]): readonly string[] {
  const lines: string[] = [];
  const at = (level: string) => (_: unknown, message?: string) => lines.push(`${level}: ${message ?? ""}`);
  const report = createErrorReporter({
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
  } as Parameters<typeof createErrorReporter>[0]);
  for (const error of errors) report("work on a/b", error);
  return lines;
}

describe("an error of the control plane", () => {
  it("is logged as one", () => {
    const forbidden = new ApiError(403, "Forbidden", 'services "x" is forbidden');
    const noObject = new ApiError(404, "NotFound", 'deployments.apps "x" not found');
    const expected = "error: work on a/b failed";
    assert.deepEqual(logOf(forbidden, noObject, new TypeError("x")), [expected, expected, expected]);
  });

  it("is a matter for debugging when the namespace is being deleted, or has gone", () => {
    const message =
      'services "x" is forbidden: unable to create new content in namespace a because it is being terminated';
    const leaving = new ApiError(403, "Forbidden", message, undefined, [
      { reason: "NamespaceTerminating", message: "", field: "metadata.namespace" },
    ]);
    const gone = new ApiError(404, "NotFound", 'namespaces "a" not found');
    const expected = "debug: work on a/b: its namespace is being deleted";
    assert.deepEqual(logOf(leaving, gone), [expected, expected]);
  });

  it("is said in a line when a watch begins anew", () => {
    const expired = new ApiError(410, "Expired", "too old resource version: 1 (2)");
    assert.deepEqual(logOf(expired), ["info: work on a/b: the API server remembers less; listing anew"]);
  });

  it("is said once when it is that the API server is away", () => {
    const away = new ApiUnreachable("connection refused");
    assert.deepEqual(logOf(away, away, away), ["warn: the API server can't be reached; trying on"]);
  });
});
