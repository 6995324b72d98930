import { CallError } from "../execute/call-error.ts";
import type { GrpcPayload, Payload, RestPayload } from "../execute/payload.ts";
import type { Operation } from "../execute/run.ts";
import type { Transport } from "../graph/graph.ts";
import { errorBody } from "./error-body.ts";
import { inflated } from "./inflate.ts";
import { renameKey, type Renaming } from "./json-text/rename-key.ts";
import { JsonTextError } from "./json-text/scan.ts";
import { joinReplies } from "./join-replies.ts";
import type { ModelRef, NodeProtocol } from "./protocol.ts";
import { gatherJson, gatherMessages } from "./tensorflow-gather.ts";
import { replyOfRequest, requestOfReply, underModelName } from "./tensorflow-messages.ts";
import { readTensorflowRoute } from "./tensorflow-route.ts";

const PREDICT = "/tensorflow.serving.PredictionService/Predict";

/** The verb of a model's path; nodes without `:route` or `:aggregate` are asked to `:predict`. */
const VERB: Readonly<Record<Operation, string>> = {
  predict: "predict",
  "transform-input": "predict",
  "transform-output": "predict",
  route: "route",
  aggregate: "aggregate",
  "send-feedback": "feedback",
};

/** TensorFlow Serving's protocol. */
export const TENSORFLOW: NodeProtocol = {
  name: "tensorflow",
  feedbackReachesNodes: false,
  rest: {
    path: (operation, model) => `${pathOf(model)}:${VERB[operation]}`,
    statusPath: pathOf,
    metadataPath: (model) => `${pathOf(model)}/metadata`,
    chain: chainJson,
    gather: joinReplies,
    standIn: { gather: gatherJson },
  },
  grpc: {
    method: () => PREDICT,
    metadataMethod: "/tensorflow.serving.PredictionService/GetModelMetadata",
    chain: chainMessage,
    gather: gatherMessages,
  },
  readRoute: readTensorflowRoute,
  convert: sameTransport,
  answer: (payload, into) => sameTransport(asReply(payload), into),
  aboutNode: { status: noJson, metadata: noJson },
  errorBody,
};

/** TensorFlow Serving's answers hold messages of any type, which only their own schemas can write as JSON. */
function noJson(model: ModelRef): Promise<never> {
  const message = `model ${model.name} speaks gRPC only; ask for it by gRPC`;
  return Promise.reject(new CallError("bad-request", message));
}

function pathOf(model: ModelRef): string {
  const path = `/v1/models/${encodeURIComponent(model.name)}`;
  return model.version === "" ? path : `${path}/versions/${encodeURIComponent(model.version)}`;
}

const RENAMING: Renaming = {
  keeps: ["instances", "inputs"],
  renames: [
    ["predictions", "instances"],
    ["outputs", "inputs"],
  ],
};

function chainJson(payload: RestPayload, maxBytes: number): RestPayload | Promise<RestPayload> {
  if (payload.isReply !== true) return payload;
  const plain = inflated(payload, maxBytes);
  return plain instanceof Promise ? plain.then(chainPlain) : chainPlain(plain);
}

function chainPlain(payload: RestPayload): RestPayload {
  let renamed: Buffer | undefined;
  try {
    renamed = renameKey(payload.body, RENAMING);
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
  }
  if (renamed === undefined) throw new CallError("bad-reply", NOT_CHAINABLE);
  return renamed === payload.body ? payload : { ...payload, body: renamed };
}

const NOT_CHAINABLE = "Failed to convert tensorflow response so it could be chained to new input";

function chainMessage(payload: GrpcPayload, model: ModelRef, asked: string): GrpcPayload {
  if (payload.isReply === true) return { transport: "grpc", body: requestOfReply(payload.body, model.name) };
  return asked === model.name ? payload : { transport: "grpc", body: underModelName(payload.body, model.name) };
}

/** A request that no node has answered goes back as a reply; over REST both look the same to clients. */
function asReply(payload: Payload): Payload {
  if (payload.transport === "rest" || payload.isReply === true) return payload;
  return { transport: "grpc", body: replyOfRequest(payload.body), isReply: true };
}

function sameTransport(payload: Payload, into: Transport): Payload {
  if (payload.transport === into) return payload;
  // A graph whose own nodes could not hand on to each other is refused before it is served.
  const message = `messages of protocol tensorflow are not translated: ask by ${payload.transport === "rest" ? "gRPC" : "REST"}`;
  throw new CallError("bad-request", message);
}
