import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeIstioVersion } from "./versions.ts";

for (const [text, kind, version] of [
  ["1.28.0", "supported", "1.28.0"],
  ["docker.io/istio/pilot:1.31.2-distroless", "supported", "1.31.2-distroless"],
  ["1.31-dev", "supported", "1.31-dev"],
  ["1.27.9", "refused", "1.27.9"],
  ["0.8.0", "refused", "0.8.0"],
  ["1.32.0", "untried", "1.32.0"],
  ["2.0.0", "untried", "2.0.0"],
  ["latest", "unknown", undefined],
  [undefined, "unknown", undefined],
] as const)
  test(`${text ?? "nothing"} is ${kind}`, () => {
    const verdict = judgeIstioVersion(text);
    assert.equal(verdict.kind, kind);
    assert.equal("version" in verdict ? verdict.version : undefined, version);
  });
