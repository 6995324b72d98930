import type { Socket } from "node:net";
import { type handleUnaryCall, Server, ServerCredentials, status } from "@grpc/grpc-js";
import { google, seldon } from "#proto/gen/seldon.js";
import type { Json, JsonObject } from "#proto/json/json.ts";
import { feedbackToJson, messageFromJson, messageListToJson, messageToJson } from "#proto/json/seldon-message.ts";
import { describeNode, type MethodName, type NodeIdentity, type NodeMethods } from "./node-methods.ts";
import { BadData } from "./payload.ts";

const { SeldonMessage, SeldonMessageList, Feedback, SeldonModelMetadata } = seldon.protos;

const SERVICES: Readonly<Record<string, readonly MethodName[]>> = {
  Model: ["predict", "sendFeedback"],
  Seldon: ["predict", "sendFeedback"],
  Transformer: ["transformInput"],
  OutputTransformer: ["transformOutput"],
  Router: ["route", "sendFeedback"],
  Combiner: ["aggregate"],
  Generic: ["transformInput", "transformOutput", "route", "aggregate", "sendFeedback"],
};

function decodeRequest(method: MethodName, bytes: Buffer): Json {
  switch (method) {
    case "aggregate":
      return messageListToJson(SeldonMessageList.decode(bytes));
    case "sendFeedback":
      return feedbackToJson(Feedback.decode(bytes));
    case "predict":
    case "transformInput":
    case "transformOutput":
    case "route":
      return messageToJson(SeldonMessage.decode(bytes));
  }
}

function encodeMessage(json: JsonObject): Buffer {
  return Buffer.from(SeldonMessage.encode(messageFromJson(json)).finish());
}

function handle<Request>(work: (request: Request) => JsonObject): handleUnaryCall<Request, JsonObject> {
  return (call, callback) => {
    try {
      callback(null, work(call.request));
    } catch (error) {
      const details = error instanceof Error ? error.message : String(error);
      callback({ code: error instanceof BadData ? status.INVALID_ARGUMENT : status.INTERNAL, details });
    }
  };
}

function defineCall(path: string, decode: (bytes: Buffer) => unknown, encode: (json: JsonObject) => Buffer): object {
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: () => Buffer.alloc(0), // a server never writes requests
    requestDeserialize: decode,
    responseSerialize: encode,
    responseDeserialize: () => ({}),
  };
}

function pascalCase(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** Every service of Seldon's that a node can be called by. */
function makeGrpcServer(methods: NodeMethods, identity: NodeIdentity): Server {
  const server = new Server();
  for (const [service, names] of Object.entries(SERVICES)) {
    const entries = names.map((name) => {
      const path = `/seldon.protos.${service}/${pascalCase(name)}`;
      return [name, defineCall(path, (bytes) => decodeRequest(name, bytes), encodeMessage)] as const;
    });
    const handlers = names.map((name) => [name, handle(methods[name])] as const);
    server.addService(Object.fromEntries(entries) as Parameters<Server["addService"]>[0], Object.fromEntries(handlers));
  }
  const metadata = defineCall(
    "/seldon.protos.Model/Metadata",
    (bytes) => google.protobuf.Empty.decode(bytes),
    (json) => Buffer.from(SeldonModelMetadata.encode(SeldonModelMetadata.fromObject(json)).finish()),
  );
  server.addService({ metadata } as Parameters<Server["addService"]>[0], {
    metadata: handle(() => describeNode(identity)),
  });
  return server;
}

/** A gRPC server that is handed its connections. */
export interface GrpcNode {
  readonly inject: (socket: Socket) => void;
  /** Takes no more calls; resolves when those in flight are answered. */
  readonly drain: () => Promise<void>;
  /** Ends whatever is in flight. */
  readonly end: () => void;
}

/** Serves the node protocol over gRPC. */
export function makeGrpcNode(methods: NodeMethods, identity: NodeIdentity): GrpcNode {
  const server = makeGrpcServer(methods, identity);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  return {
    inject: (socket) => {
      injector.injectConnection(socket);
      // It was accepted paused; from here on its bytes go to the HTTP/2 session.
      socket.resume();
    },
    drain: () =>
      new Promise((resolve) => {
        server.tryShutdown(() => {
          resolve();
        });
      }),
    end: () => {
      server.forceShutdown();
    },
  };
}
