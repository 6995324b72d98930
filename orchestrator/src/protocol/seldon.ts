import { convertPayload, convertReply } from "../codec/convert.ts";
import { joinJson, joinMessages } from "../codec/message-list.ts";
import type { Operation } from "../execute/run.ts";
import type { NodeProtocol } from "./protocol.ts";
import { readSeldonRoute } from "./seldon-route.ts";

/** Full method of each operation, as Seldon's node protocol names them; feedback always goes to Model. */
const METHODS: Readonly<Record<Operation, string>> = {
  predict: "/seldon.protos.Model/Predict",
  "transform-input": "/seldon.protos.Transformer/TransformInput",
  "transform-output": "/seldon.protos.OutputTransformer/TransformOutput",
  route: "/seldon.protos.Router/Route",
  aggregate: "/seldon.protos.Combiner/Aggregate",
  "send-feedback": "/seldon.protos.Model/SendFeedback",
};

/** Path of each operation, as Seldon's node protocol names them. */
const PATHS: Readonly<Record<Operation, string>> = {
  predict: "/predict",
  "transform-input": "/transform-input",
  "transform-output": "/transform-output",
  route: "/route",
  aggregate: "/aggregate",
  "send-feedback": "/send-feedback",
};

/** Seldon's own protocol: SeldonMessage in, SeldonMessage out, so that a reply is an input as it is. */
export const SELDON: NodeProtocol = {
  name: "seldon",
  feedbackReachesNodes: true,
  rest: {
    path: (operation) => PATHS[operation],
    statusPath: () => "/health/status",
    metadataPath: () => "/metadata",
    healthPath: "/api/v1.0/health/status",
    chain: (payload) => payload,
    gather: (replies) => joinJson(replies.map((one) => one.payload)),
    standIn: undefined,
  },
  grpc: {
    method: (operation) => METHODS[operation],
    metadataMethod: "/seldon.protos.Model/Metadata",
    chain: (payload) => payload,
    gather: (replies) => joinMessages(replies.map((one) => one.payload)),
  },
  readRoute: readSeldonRoute,
  convert: convertPayload,
  answer: convertReply,
  errorBody: (code, info) => ({ status: { code, info, status: "FAILURE" } }),
};
