import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nodeGrpcError } from "../../execute/call-error.ts";
import { grpcCodeName } from "../grpc-codes.ts";
import { callFailed, requestFailed } from "./attributes.ts";
import type { Span } from "./span.ts";

function span(): Span {
  const ids = { traceId: "", spanId: "", parentSpanId: "", hasRemoteParent: false, traceState: "" };
  return { ...ids, name: "n", kind: "server", startMs: 0, endMs: 0, attributes: {}, error: undefined };
}

describe("a span over gRPC", () => {
  const rows: readonly (readonly [number, string, isServersFault: boolean])[] = [
    [3, "INVALID_ARGUMENT", false],
    [4, "DEADLINE_EXCEEDED", true],
    [16, "UNAUTHENTICATED", false],
    [17, "17", true],
    [99, "99", true],
    [100, "100", true],
    [123_456, "123456", true],
  ];
  for (const [code, said, isServersFault] of rows) {
    it(`says of code ${code}: ${said}`, () => {
      const failure = nodeGrpcError(code, "no");
      const [server, client] = [span(), span()];
      requestFailed(server, "grpc", grpcCodeName(code), failure);
      callFailed(client, "grpc", grpcCodeName(code), failure);
      assert.equal(server.attributes["rpc.response.status_code"], said);
      assert.equal(client.attributes["rpc.response.status_code"], said);
      assert.deepEqual([server.error !== undefined, client.error], [isServersFault, "no"]);
    });
  }

  it("that succeeded says so", () => {
    const server = span();
    requestFailed(server, "grpc", "OK", undefined);
    assert.deepEqual([server.attributes, server.error], [{ "rpc.response.status_code": "OK" }, undefined]);
  });
});
