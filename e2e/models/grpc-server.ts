import {
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerUnaryCall,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { inference } from "#proto/gen/inference.js";
import { seldon } from "#proto/gen/seldon.js";
import { tensorflow } from "#proto/gen/tensorflow.js";
import { feedbackToJson, messageFromJson, messageListToJson, messageToJson } from "#proto/json/seldon-message.ts";
import type { Json } from "#proto/json/json.ts";
import { answerSeldon, type SeldonMethod } from "./answers.ts";
import type { Counter } from "./counter.ts";
import type { ModelSettings } from "./settings.ts";

const { Feedback, SeldonMessage, SeldonMessageList, SeldonModelMetadata } = seldon.protos;
const { ModelInferRequest, ModelInferResponse, ServerReadyResponse, ModelReadyResponse, ServerLiveResponse } =
  inference;
const { PredictRequest, PredictResponse } = tensorflow.serving;

const SELDON_SERVICES: Readonly<Record<string, readonly SeldonMethod[]>> = {
  Model: ["predict", "sendFeedback", "metadata"],
  Seldon: ["predict", "sendFeedback"],
  Transformer: ["transformInput"],
  OutputTransformer: ["transformOutput"],
  Router: ["route", "sendFeedback"],
  Combiner: ["aggregate"],
  Generic: ["transformInput", "transformOutput", "route", "aggregate", "sendFeedback"],
};

/** An answer's bytes from a request's. */
type Handle = (request: Buffer) => Uint8Array;

/** The model over gRPC: every service of Seldon's that a node is called by, V2 and TensorFlow's PredictionService. */
export function makeGrpcServer(settings: ModelSettings, counter: Counter): Server {
  const server = new Server();
  for (const [service, methods] of Object.entries(SELDON_SERVICES)) {
    const handlers = methods.map((method) => [pascalCase(method), seldonHandler(method, settings)] as const);
    add(server, `seldon.protos.${service}`, Object.fromEntries(handlers), counter);
  }
  add(server, "inference.GRPCInferenceService", v2Handlers(settings), counter);
  add(server, "tensorflow.serving.PredictionService", { Predict: tensorflowHandler(settings) }, counter);
  return server;
}

/** Binds the server to all addresses of the pod. */
export function listenGrpc(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`0.0.0.0:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
}

function add(server: Server, service: string, handlers: Readonly<Record<string, Handle>>, counter: Counter): void {
  const same = (bytes: Buffer): Buffer => bytes;
  const definition = Object.fromEntries(
    Object.keys(handlers).map((name) => [
      name,
      {
        path: `/${service}/${name}`,
        requestStream: false,
        responseStream: false,
        requestSerialize: same,
        requestDeserialize: same,
        responseSerialize: same,
        responseDeserialize: same,
      },
    ]),
  );
  const calls = Object.entries(handlers).map(([name, handle]) => [
    name,
    counted(`${service}/${name}`, handle, counter),
  ]);
  server.addService(definition, Object.fromEntries(calls) as UntypedServiceImplementation);
}

function counted(what: string, handle: Handle, counter: Counter) {
  return (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>): void => {
    const isQuestion = /Ready$|Live$|Metadata$/.test(what);
    const taken = isQuestion ? Promise.resolve(true) : counter.take(what);
    taken.then(
      (isGood) => {
        try {
          if (isGood) reply(null, Buffer.from(handle(call.request)));
          else reply({ code: status.UNAVAILABLE, details: "one of the first requests" });
        } catch (error) {
          reply({ code: status.INVALID_ARGUMENT, details: String(error) });
        }
      },
      (error: unknown) => {
        reply({ code: status.INTERNAL, details: String(error) });
      },
    );
  };
}

function seldonHandler(method: SeldonMethod, settings: ModelSettings): Handle {
  return (bytes) => {
    const answer = answerSeldon(method, decodeSeldon(method, bytes), settings);
    return method === "metadata"
      ? SeldonModelMetadata.encode(SeldonModelMetadata.fromObject(answer)).finish()
      : SeldonMessage.encode(messageFromJson(answer)).finish();
  };
}

function decodeSeldon(method: SeldonMethod, bytes: Buffer): Json {
  switch (method) {
    case "aggregate":
      return messageListToJson(SeldonMessageList.decode(bytes));
    case "sendFeedback":
      return feedbackToJson(Feedback.decode(bytes));
    case "metadata":
      return {};
    case "predict":
    case "transformInput":
    case "transformOutput":
    case "route":
      return messageToJson(SeldonMessage.decode(bytes));
  }
}

function v2Handlers({ answer }: ModelSettings): Readonly<Record<string, Handle>> {
  return {
    ServerLive: () => ServerLiveResponse.encode({ live: true }).finish(),
    ServerReady: () => ServerReadyResponse.encode({ ready: true }).finish(),
    ModelReady: () => ModelReadyResponse.encode({ ready: true }).finish(),
    ModelInfer(bytes) {
      const { modelName, id } = ModelInferRequest.decode(bytes);
      const contents = { fp64Contents: [...answer] };
      const output = { name: "predict", datatype: "FP64", shape: [1, answer.length], contents };
      return ModelInferResponse.encode({ modelName, id, outputs: [output] }).finish();
    },
  };
}

function tensorflowHandler({ answer }: ModelSettings): Handle {
  return (bytes) => {
    const { modelSpec } = PredictRequest.decode(bytes);
    const tensorShape = { dim: [{ size: 1 }, { size: answer.length }] };
    const output = { dtype: tensorflow.DataType.DT_DOUBLE, tensorShape, doubleVal: [...answer] };
    return PredictResponse.encode({ modelSpec: modelSpec ?? null, outputs: { predict: output } }).finish();
  };
}

function pascalCase(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
