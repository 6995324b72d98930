import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { seldon } from "#proto/gen/seldon.js";
import type { Json } from "#proto/json/json.ts";
import {
  feedbackFromJson,
  feedbackToJson,
  messageFromJson,
  messageListToJson,
  messageToJson,
} from "#proto/json/seldon-message.ts";

/** One scripted answer; `hang` never answers. */
export interface StubReply {
  readonly body?: Json;
  /** Sent as it is instead of `body`; REST only. */
  readonly text?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  /** HTTP status. */
  readonly status?: number;
  /** gRPC status. */
  readonly grpc?: { readonly code: number; readonly message: string };
  readonly delayMs?: number;
  readonly hang?: boolean;
}

/** One call that a stub got. */
export interface StubCall {
  readonly node: string;
  readonly transport: "rest" | "grpc";
  /** Such as `predict`. */
  readonly operation: string;
  readonly body: Json;
  readonly raw: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export interface StubNode {
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Called with each operation whose client went away before the answer. */
  onAbandoned: (operation: string) => void;
  stop(): Promise<void>;
}

const METHODS: Readonly<Record<string, string>> = {
  "/seldon.protos.Model/Predict": "predict",
  "/seldon.protos.Model/SendFeedback": "send-feedback",
  "/seldon.protos.Model/Metadata": "metadata",
  "/seldon.protos.Transformer/TransformInput": "transform-input",
  "/seldon.protos.OutputTransformer/TransformOutput": "transform-output",
  "/seldon.protos.Router/Route": "route",
  "/seldon.protos.Combiner/Aggregate": "aggregate",
};

/** A node on loopback that speaks REST and gRPC and answers what `answer` says. */
export async function startStub(
  node: string,
  answer: (operation: string) => StubReply,
  record: (call: StubCall) => void,
): Promise<StubNode> {
  const stub: { onAbandoned: (operation: string) => void } = { onAbandoned: () => {} };
  const sockets = new Set<Socket>();
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const raw = Buffer.concat(chunks);
      const operation = (request.url ?? "").slice(1);
      const headers = Object.fromEntries(Object.entries(request.headers).map(([k, v]) => [k, String(v)]));
      record({ node, transport: "rest", operation, body: parsed(raw), raw, headers });
      const reply = answer(operation);
      response.on("close", () => {
        if (!response.writableFinished) stub.onAbandoned(operation);
      });
      if (reply.hang === true) return;
      setTimeout(() => {
        response.statusCode = reply.status ?? 200;
        response.setHeader("content-type", reply.contentType ?? "application/json");
        if (reply.contentEncoding !== undefined) response.setHeader("content-encoding", reply.contentEncoding);
        response.end(reply.text ?? JSON.stringify(reply.body ?? {}));
      }, reply.delayMs ?? 0);
    });
  });
  http.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const grpc = new Server();
  for (const [path, operation] of Object.entries(METHODS)) {
    const handler = (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void => {
      const headers = Object.fromEntries(Object.entries(call.metadata.getMap()).map(([k, v]) => [k, String(v)]));
      record({
        node,
        transport: "grpc",
        operation,
        body: decoded(operation, call.request),
        raw: call.request,
        headers,
      });
      const reply = answer(operation);
      call.on("cancelled", () => {
        stub.onAbandoned(operation);
      });
      if (reply.hang === true) return;
      setTimeout(() => {
        if (reply.grpc !== undefined) {
          callback(
            Object.assign(new Error(reply.grpc.message), { code: reply.grpc.code, details: reply.grpc.message }),
          );
        } else callback(null, encoded(operation, reply.body ?? {}));
      }, reply.delayMs ?? 0);
    };
    grpc.register(
      path,
      handler,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      "unary",
    );
  }
  const grpcPort = await new Promise<number>((resolve, reject) => {
    grpc.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
  return Object.assign(stub, {
    httpPort: (http.address() as AddressInfo).port,
    grpcPort,
    stop: async () => {
      grpc.forceShutdown();
      for (const socket of sockets) socket.destroy();
      const closed = once(http, "close");
      http.close();
      await closed;
    },
  });
}

function parsed(raw: Buffer): Json {
  try {
    return JSON.parse(raw.toString("utf8")) as Json;
  } catch {
    return raw.toString("utf8");
  }
}

function decoded(operation: string, bytes: Buffer): Json {
  const { protos } = seldon;
  if (operation === "aggregate") return messageListToJson(protos.SeldonMessageList.decode(bytes));
  if (operation === "send-feedback") return feedbackToJson(protos.Feedback.decode(bytes));
  return operation === "metadata" ? {} : messageToJson(protos.SeldonMessage.decode(bytes));
}

function encoded(operation: string, body: Json): Buffer {
  const { protos } = seldon;
  const bytes =
    operation === "metadata"
      ? protos.SeldonModelMetadata.encode(protos.SeldonModelMetadata.fromObject(body as Record<string, unknown>))
      : protos.SeldonMessage.encode(messageFromJson(body));
  return Buffer.from(bytes.finish());
}

/** A request in a method's own encoding. */
export function encodeRequest(method: "Predict" | "SendFeedback", json: Json): Buffer {
  const { protos } = seldon;
  return Buffer.from(
    method === "Predict"
      ? protos.SeldonMessage.encode(messageFromJson(json)).finish()
      : protos.Feedback.encode(feedbackFromJson(json)).finish(),
  );
}
