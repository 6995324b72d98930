import assert from "node:assert/strict";
import { it } from "node:test";
import { graphway } from "#proto/gen/inference-graph.js";
import { graphOfMessage } from "./from-message.ts";

const { InferenceGraph, NodeType, Protocol } = graphway.v1;
const IDENTITY = { namespace: "n", deployment: "d", predictor: "p" };

function check(protocol: graphway.v1.Protocol, mergeMeta: boolean | undefined) {
  const root = { name: "m", type: NodeType.MODEL, endpoint: { host: "h", httpPort: 1, servicePort: 1 } };
  const settings = mergeMeta === undefined ? {} : { settings: { mergeMeta } };
  const bytes = InferenceGraph.encode({ ...IDENTITY, protocol, root, ...settings }).finish();
  const { value, problems } = graphOfMessage(bytes, IDENTITY);
  assert.ok(value);
  return { merges: value.settings.mergesMeta, problems: problems.map((one) => `${one.severity}: ${one.message}`) };
}

it("the control plane says whether meta is merged; with another protocol than seldon it has no effect and is told", () => {
  assert.deepEqual(check(Protocol.PROTOCOL_SELDON, true), { merges: true, problems: [] });
  assert.deepEqual(check(Protocol.PROTOCOL_SELDON, false), { merges: false, problems: [] });
  assert.deepEqual(check(Protocol.PROTOCOL_SELDON, undefined), { merges: false, problems: [] });
  for (const [protocol, name] of [
    [Protocol.PROTOCOL_V2, "v2"],
    [Protocol.PROTOCOL_TENSORFLOW, "tensorflow"],
  ] as const) {
    const told = `warning: meta is not merged: protocol ${name} has none; it has an effect with protocol seldon only`;
    assert.deepEqual(check(protocol, true), { merges: false, problems: [told] });
  }
});
