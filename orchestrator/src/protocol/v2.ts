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
import { hasRawContents, replyOfRequest, requestOfReply, underModelName } from "./v2-messages.ts";

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
  convert,
  answer,
  aboutNode: {
    status: async (model, call) => (await import("./v2-about.ts")).v2Status(model, call),
    metadata: async (model, call) => (await import("./v2-about.ts")).v2Metadata(model, call),
  },
  errorBody,
};

/** Field 1 of wire type 2. */
const TAG_OF_NAME = 0x0a;

function pathOf(model: ModelRef): string {
  const path = `/v2/models/${encodeURIComponent(model.name)}`;
  return model.version === "" ? path : `${path}/versions/${encodeURIComponent(model.version)}`;
}

function chainMessage(payload: GrpcPayload, model: ModelRef, asked: string): GrpcPayload {
  if (payload.isReply === true) return { transport: "grpc", body: requestOfReply(payload.body, model.name) };
  // Encoders write fields in order: another first byte than the name's tag is a request without one.
  const isNamed = payload.body[0] === TAG_OF_NAME && asked === model.name;
  return isNamed ? payload : { transport: "grpc", body: underModelName(payload.body, model.name) };
}

/** A request that no node has answered goes back as a reply; over REST both look the same to clients. */
function asReply(payload: Payload): Payload {
  if (payload.transport === "rest" || payload.isReply === true) return payload;
  return { transport: "grpc", body: replyOfRequest(payload.body), isReply: true };
}

/** In a graph of REST and gRPC nodes: the translation is loaded when it is first needed. */
function convert(payload: Payload, into: Transport, _carried: unknown, maxBytes: number): Payload | Promise<Payload> {
  if (payload.transport === into) return payload;
  return import("./v2-translate/translate.ts").then(({ translate }) => translate(payload, into, maxBytes));
}

/** Who asked in raw contents reads no others (Triton's client), so a translated answer has them too. */
function answer(payload: Payload, into: Transport, maxBytes: number, asked?: Buffer): Payload | Promise<Payload> {
  if (payload.transport === into) return asReply(payload);
  const isRaw = asked !== undefined && hasRawContents(asked);
  return import("./v2-translate/translate.ts")
    .then(({ translate }) => translate(payload, into, maxBytes, isRaw))
    .then(asReply);
}
