import assert from "node:assert/strict";
import { test } from "node:test";
import { graphway } from "#proto/gen/inference-graph.js";
import type { GraphNode, PredictorPlan } from "../../plan/deployment-plan.ts";
import { encodeResource } from "../xds/encode.ts";
import { planFor, predictorFor } from "../xds/plans-for-tests.ts";
import { renderEnginePredictor } from "./engine-predictor.ts";
import { renderInferenceGraph } from "./inference-graph.ts";

const { InferenceGraph, NodeType, Implementation, Method, Transport, LoggerMode, Protocol } = graphway.v1;

const leaf: GraphNode = {
  name: "leaf",
  methods: ["TRANSFORM_OUTPUT", "SEND_FEEDBACK"],
  runs: {
    in: "container",
    container: "leaf",
    image: "leaf:1",
    endpoint: { host: "leaf.example.com", httpPort: 9001, grpcPort: 9501, transport: "grpc" },
  },
  parameters: [{ name: "n", value: "1", type: "INT" }],
  logger: { mode: "response", url: "http://log.example.com" },
  children: [],
};
const root: GraphNode = {
  name: "ab",
  methods: [],
  runs: { in: "orchestrator", implementation: "RANDOM_ABTEST" },
  parameters: [],
  children: [leaf],
};
const predictor: PredictorPlan = {
  ...predictorFor("example", "main"),
  graph: root,
  traffic: 75,
  annotations: { note: "x" },
  orchestratorSettings: { env: {}, restTimeoutMs: 1500, grpcMaxMessageBytes: 4096, mergeMeta: true },
};
const plan = planFor(
  "example",
  { main: 75 },
  {},
  { protocol: "v2", permits: { force: [{ kind: "anyone" }], explain: [] } },
);

test("an orchestrator reads back every field of the graph", () => {
  const { name, typeUrl, body } = renderInferenceGraph(plan, predictor);
  assert.equal(name, "seldon/example/main");
  const message = InferenceGraph.decode(encodeResource({ name, typeUrl, body }).bytes);
  assert.deepEqual([message.namespace, message.deployment, message.predictor], ["seldon", "example", "main"]);
  assert.equal(message.protocol, Protocol.PROTOCOL_V2);
  assert.deepEqual([message.allowBranches, message.allowExplain], [true, false]);
  assert.equal(message.predictorVersion, "main");
  assert.deepEqual([message.settings?.restTimeoutMs, message.settings?.grpcMaxMessageBytes], [1500, 4096]);
  assert.equal(message.settings?.mergeMeta, true);
  assert.equal(message.root?.implementation, Implementation.RANDOM_ABTEST);
  const child = message.root.children?.[0];
  assert.equal(child?.type ?? NodeType.NODE_TYPE_UNSPECIFIED, NodeType.NODE_TYPE_UNSPECIFIED);
  assert.deepEqual(child?.methods, [Method.TRANSFORM_OUTPUT, Method.SEND_FEEDBACK]);
  assert.equal(child.image, "leaf:1");
  assert.deepEqual(
    { ...child.endpoint },
    { host: "leaf.example.com", httpPort: 9001, grpcPort: 9501, servicePort: 9501, transport: Transport.GRPC },
  );
  assert.equal(child.logger?.mode, LoggerMode.LOGGER_RESPONSE);
});

test("ENGINE_PREDICTOR does not change with traffic, so that a canary step restarts nothing", () => {
  const before = renderEnginePredictor(plan, predictor);
  assert.equal(renderEnginePredictor(plan, { ...predictor, traffic: 50 }), before);
  const spec = JSON.parse(Buffer.from(before, "base64").toString("utf8")) as Record<string, unknown>;
  assert.deepEqual(Object.keys(spec), ["name", "graph", "annotations", "labels"]);
  assert.deepEqual(spec["graph"], {
    name: "ab",
    children: [
      {
        name: "leaf",
        implementation: "UNKNOWN_IMPLEMENTATION",
        methods: ["TRANSFORM_OUTPUT", "SEND_FEEDBACK"],
        endpoint: {
          service_host: "leaf.example.com",
          service_port: 9501,
          type: "GRPC",
          httpPort: 9001,
          grpcPort: 9501,
        },
        parameters: [{ name: "n", value: "1", type: "INT" }],
        logger: { mode: "response", url: "http://log.example.com" },
      },
    ],
    implementation: "RANDOM_ABTEST",
  });
});
