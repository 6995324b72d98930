import { convertPayload, convertReply } from "../codec/convert.ts";
import { joinJson, joinMessages } from "../codec/message-list.ts";
import { jsonPayload } from "../execute/payload.ts";
import type { Operation } from "../execute/run.ts";
import { joinReplies } from "./join-replies.ts";
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

const METADATA = "/seldon.protos.Model/Metadata";

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
    chain: (payload) => payload,
    gather: (replies, maxBytes) =>
      replies.some((one) => one.payload.contentEncoding !== "")
        ? joinReplies(replies, maxBytes)
        : joinJson(replies.map((one) => one.payload)),
    standIn: undefined,
  },
  grpc: {
    method: (operation) => METHODS[operation],
    metadataMethod: METADATA,
    chain: (payload) => payload,
    gather: (replies) => joinMessages(replies.map((one) => one.payload)),
  },
  readRoute: readSeldonRoute,
  convert: convertPayload,
  answer: convertReply,
  aboutNode: {
    // Seldon's gRPC services have no such method: the node says nothing.
    status: () => Promise.resolve(jsonPayload({})),
    metadata: async (_model, call) => {
      const { decodeModelMetadata } = await import("../codec/metadata-codec.ts");
      return jsonPayload(decodeModelMetadata(await call(METADATA, Buffer.alloc(0))));
    },
  },
  errorBody: (code, info) => ({ status: { code, info, status: "FAILURE" } }),
};
