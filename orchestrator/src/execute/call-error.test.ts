import assert from "node:assert/strict";
import { it } from "node:test";
import { CallError, nodeCallError, nodeGrpcError } from "./call-error.ts";

it("a connection's fault names the node; what a node said, and what names it already, stays", () => {
  const refused = nodeCallError("iris", new CallError("unreachable", "127.0.0.1:9000 can't be reached (ECONNREFUSED)"));
  assert.equal(refused.message, "node iris: 127.0.0.1:9000 can't be reached (ECONNREFUSED)");
  assert.deepEqual([refused.fault, refused.httpStatus, refused.grpcCode], ["unreachable", 503, 14]);
  assert.equal(nodeCallError("iris", refused).message, refused.message);
  const own = nodeGrpcError(14, "still loading");
  assert.equal(nodeCallError("iris", own), own);
  assert.equal(nodeCallError("iris", new Error("a defect")).fault, "internal");
});
