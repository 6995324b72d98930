import assert from "node:assert/strict";
import { test } from "node:test";
import { GraphState } from "./graph-state.ts";

const identity = { namespace: "n", deployment: "d", predictor: "p" };

test("a node says which ENGINE_PREDICTOR it was started with, by its hash", () => {
  assert.deepEqual(new GraphState(identity, "abc").firstRequest().node?.metadata, {
    fields: {
      ROLE: { stringValue: "orchestrator" },
      // The vector of FIPS 180-2.
      ENGINE_PREDICTOR_SHA256: { stringValue: "ba7816bf8f01cfea" },
    },
  });
  assert.deepEqual(new GraphState(identity).firstRequest().node?.metadata, {
    fields: { ROLE: { stringValue: "orchestrator" } },
  });
});
