import { CallError } from "../execute/call-error.ts";
import type { GrpcPayload, Payload } from "../execute/payload.ts";
import type { Operation } from "../execute/run.ts";
import type { Transport } from "../graph/graph.ts";
import { errorBody } from "./error-body.ts";
import { joinReplies } from "./join-replies.ts";
import type { ModelRef, NodeProtocol } from "./protocol.ts";
import { gatherJson } from "./v2-gather-json.ts";
import { gatherMessages } from "./v2-gather-messages.ts";
import { chainJson } from "./v2-json.ts";
import { readV2Route } from "./v2-route.ts";
import { replyOfRequest, requestOfReply, underModelName } from "./v2-messages.ts";

const INFER = "/inference.GRPCInferenceService/ModelInfer";

/** What a model's path ends in; nodes without `route` or `aggregate` are asked for `infer`. */
const LAST_STEP: Readonly<Record<Operation, string>> = {
  predict: "infer",
  "transform-input": "infer",
  "transform-output": "infer",
  route: "route",
  aggregate: "aggregate",
  "send-feedback": "feedback",
};

/** The Open Inference Protocol. */
export const V2: NodeProtocol = {
  name: "v2",
  feedbackReachesNodes: false,
  rest: {
    path: (operation, model) => `${pathOf(model)}/${LAST_STEP[operation]}`,
    statusPath: (model) => `${pathOf(model)}/ready`,
    metadataPath: pathOf,
    chain: chainJson,
    gather: joinReplies,
    standIn: { gather: gatherJson },
  },
  grpc: {
    method: () => INFER,
    metadataMethod: "/inference.GRPCInferenceService/ModelMetadata",
    chain: chainMessage,
    gather: gatherMessages,
  },
  readRoute: readV2Route,
  convert: sameTransport,
  answer: (payload, into) => sameTransport(asReply(payload), into),
  aboutNode: {
    status: async (model, call) => (await import("./v2-about.ts")).v2Status(model, call),
    metadata: async (model, call) => (await import("./v2-about.ts")).v2Metadata(model, call),
  },
  errorBody,
};

function pathOf(model: ModelRef): string {
  const path = `/v2/models/${encodeURIComponent(model.name)}`;
  return model.version === "" ? path : `${path}/versions/${encodeURIComponent(model.version)}`;
}

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
  throw new CallError("internal", `a ${payload.transport} message of protocol v2 can't be handed on by ${into}`);
}
