import assert from "node:assert/strict";
import { inference } from "#proto/gen/inference.js";
import { seldon } from "#proto/gen/seldon.js";
import { tensorflow } from "#proto/gen/tensorflow.js";
import type { Fields } from "../runner/kube.ts";
import { deployment, model, predictor } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import { untilTrue } from "../runner/until.ts";
import type { World } from "../runner/world.ts";

const { SeldonMessage } = seldon.protos;
const { ModelInferRequest, ModelInferResponse } = inference;
const { PredictRequest, PredictResponse } = tensorflow.serving;

const SELDON_REQUEST = SeldonMessage.encode({ data: { tensor: { shape: [1, 1], values: [1] } } }).finish();

function single(name: string, protocol: string, node: string, more: Fields = {}): Fields {
  return deployment(name, { protocol, predictors: [predictor("default", { pods: [[model(node, more)]] })] });
}

async function seldonGrpc(world: World, name: string, timeoutMs?: number) {
  const call = { method: "/seldon.protos.Seldon/Predict", message: SELDON_REQUEST };
  return world.grpc(name, timeoutMs === undefined ? call : { ...call, timeoutMs });
}

export const scenarios: readonly Scenario[] = [
  {
    name: "protocols/seldon",
    shows: "Seldon's protocol by REST and by gRPC on one deployment",
    async run(world) {
      await world.apply(single("rest-and-grpc", "seldon", "classifier"));
      await world.untilServed("rest-and-grpc");
      const rest = await world.predict("rest-and-grpc");
      assert.equal(rest.status, 200, rest.body);
      const grpc = await seldonGrpc(world, "rest-and-grpc");
      assert.equal(grpc.status, 0, grpc.body);
      assert.deepEqual(SeldonMessage.decode(grpc.message).data?.tensor?.values, [1, 2, 3, 4]);
    },
  },
  {
    name: "protocols/tensorflow",
    shows: "TensorFlow's protocol by REST and by gRPC, the model called by its name",
    async run(world) {
      await world.apply(single("tfserving", "tensorflow", "halfplustwo"));
      await world.untilServed("tfserving");
      const body = '{"instances":[1.0,2.0,5.0]}';
      const rest = await world.predict("tfserving", { tail: "v1/models/halfplustwo/:predict", body });
      assert.equal(rest.status, 200, rest.body);
      assert.deepEqual(JSON.parse(rest.body), { predictions: [[1, 2, 3, 4]] });
      const grpc = await world.grpc("tfserving", {
        method: "/tensorflow.serving.PredictionService/Predict",
        message: PredictRequest.encode({ modelSpec: { name: "halfplustwo" } }).finish(),
      });
      assert.equal(grpc.status, 0, grpc.body);
      assert.deepEqual(PredictResponse.decode(grpc.message).outputs["predict"]?.doubleVal, [1, 2, 3, 4]);
    },
  },
  {
    name: "protocols/v2",
    shows: "V2 by REST and by gRPC",
    async run(world) {
      await world.apply(single("triton", "v2", "simple"));
      await world.untilServed("triton");
      const input = { name: "INPUT0", data: [1, 2], datatype: "INT32", shape: [1, 2] };
      const rest = await world.predict("triton", {
        tail: "v2/models/simple/infer",
        body: JSON.stringify({ inputs: [input] }),
      });
      assert.equal(rest.status, 200, rest.body);
      const { outputs } = JSON.parse(rest.body) as { outputs: readonly { data: readonly number[] }[] };
      assert.deepEqual(outputs[0]?.data, [1, 2, 3, 4]);
      const grpc = await world.grpc("triton", {
        method: "/inference.GRPCInferenceService/ModelInfer",
        message: ModelInferRequest.encode({ modelName: "simple", inputs: [] }).finish(),
      });
      assert.equal(grpc.status, 0, grpc.body);
      assert.deepEqual(ModelInferResponse.decode(grpc.message).outputs[0]?.contents?.fp64Contents, [1, 2, 3, 4]);
    },
  },
  {
    name: "protocols/timeouts",
    shows: "rest-timeout and grpc-timeout end calls of a slow model, and leave it alone where they are long",
    async run(world) {
      const slow = (name: string, timeoutMs: string): Fields =>
        deployment(name, {
          annotations: { "seldon.io/rest-timeout": timeoutMs, "seldon.io/grpc-timeout": timeoutMs },
          predictors: [predictor("default", { pods: [[model("classifier", { env: { DELAY_MS: "6000" } })]] })],
        });
      await world.apply(slow("short", "1000"), slow("long", "60000"));
      await Promise.all(["short", "long"].map((name) => world.untilServed(name)));
      const [shortRest, shortGrpc, longRest, longGrpc] = await Promise.all([
        world.predict("short"),
        seldonGrpc(world, "short"),
        world.predict("long"),
        seldonGrpc(world, "long"),
      ]);
      assert.ok(shortRest.status >= 500, `short REST: ${shortRest.status}`);
      assert.notEqual(shortGrpc.status, 0, "short gRPC");
      assert.equal(longRest.status, 200, longRest.body);
      assert.equal(longGrpc.status, 0, longGrpc.body);
    },
  },
  {
    name: "protocols/cluster-graph",
    shows:
      "a graph over several pods, whose nodes find each other by cluster DNS, with the orchestrator in its own pod",
    async run(world) {
      const graph = {
        name: "scaler",
        type: "TRANSFORMER",
        children: [
          {
            name: "combiner",
            type: "COMBINER",
            children: [
              { name: "left", type: "MODEL" },
              { name: "right", type: "MODEL" },
            ],
          },
        ],
      };
      const pods = [
        [model("scaler")],
        [model("combiner")],
        [model("left"), model("right", { env: { ANSWER: "[9]" } })],
      ];
      await world.apply(
        deployment("spread", {
          annotations: { "seldon.io/engine-separate-pod": "true" },
          predictors: [predictor("p", { pods, graph })],
        }),
      );
      await world.untilServed("spread");
      const reply = await world.predict("spread");
      assert.equal(reply.status, 200, reply.body);
      const { data } = JSON.parse(reply.body) as { data: { ndarray: unknown } };
      assert.deepEqual(data.ndarray, [[1, 2, 3, 4]]);
      // One of each of the four nodes.
      await world.untilRequests("seldon-deployment-id=spread", 4);
    },
  },
  {
    name: "protocols/explainer",
    shows: "an explainer has a route of its own beside the predictor, and goes with its declaration",
    async run(world) {
      const explainer = {
        type: "AnchorTabular",
        containerSpec: { ...model("explainer"), resources: { requests: { cpu: "5m" } } },
      };
      const sdep = (more: Fields): Fields => deployment("income", { predictors: [predictor("default", more)] });
      await world.apply(sdep({ explainer }));
      await world.untilServed("income");
      await world.need("VirtualService", "income-default-explainer-http");
      const path = `/seldon/${world.namespace}/income-explainer/default/api/v1.0/predictions`;
      let said = "";
      await untilTrue(
        "the explainer answers",
        async () => {
          const reply = await world.client.rest({ path, body: '{"data":{"ndarray":[[1]]}}' });
          said = `${reply.status} ${reply.body}`;
          return reply.status === 200;
        },
        { describe: () => said },
      );
      await world.untilRequests("app=income-default-explainer", 1);
      await world.apply(sdep({}));
      await world.untilGone("VirtualService", "income-default-explainer-http");
      await world.untilGone("DestinationRule", "income-default-explainer");
      await world.untilGone("Deployment", "income-default-explainer");
      assert.equal((await world.predict("income")).status, 200);
    },
  },
];
