import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Metadata, Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import type { Json } from "#proto/json/json.ts";
import { hasService, messagesOf, methodsOf } from "./protocol-messages.ts";

/** One scripted answer; `hang` never answers. */
export interface StubReply {
  readonly body?: Json;
  /** Sent as it is instead of `body`; REST only. */
  readonly text?: string;
  /** Bytes instead of `body`, in base64: a REST body, or a whole gRPC message. */
  readonly base64?: string;
  /** Sends the request's own body and type back; REST and gRPC. */
  readonly echo?: boolean;
  readonly contentType?: string | null;
  readonly contentEncoding?: string;
  /** Other headers of a REST answer. */
  readonly headers?: Readonly<Record<string, string>>;
  /** HTTP status. */
  readonly status?: number;
  /** gRPC status. */
  readonly grpc?: {
    readonly code: number;
    readonly message: string;
    readonly trailers?: Readonly<Record<string, string>>;
  };
  readonly delayMs?: number;
  readonly hang?: boolean;
}

/** One call that a stub got. */
export interface StubCall {
  readonly node: string;
  readonly transport: "rest" | "grpc";
  /** Such as `predict`, `v2/models/m/infer` or `ModelInfer`. */
  readonly operation: string;
  readonly method: string;
  readonly body: Json;
  readonly raw: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export interface StubNode {
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Called with each operation whose client went away before the answer. */
  onAbandoned: (operation: string) => void;
  /** How many connections are open, of both transports' listeners. */
  connections(): number;
  stop(): Promise<void>;
}

/** Operation names of Seldon's methods; those of the other protocols go by the method's own name. */
const SELDON_OPERATIONS: Readonly<Record<string, string>> = {
  "/seldon.protos.Model/Predict": "predict",
  "/seldon.protos.Model/SendFeedback": "send-feedback",
  "/seldon.protos.Model/Metadata": "metadata",
  "/seldon.protos.Transformer/TransformInput": "transform-input",
  "/seldon.protos.OutputTransformer/TransformOutput": "transform-output",
  "/seldon.protos.Router/Route": "route",
  "/seldon.protos.Combiner/Aggregate": "aggregate",
};

const OTHER_SERVICES = [
  "inference.GRPCInferenceService",
  "tensorflow.serving.PredictionService",
  "tensorflow.serving.ModelService",
];

/** Path and operation name of every method that a stub answers. */
function operations(): readonly (readonly [string, string])[] {
  const others = OTHER_SERVICES.filter(hasService).flatMap(methodsOf);
  return [...Object.entries(SELDON_OPERATIONS), ...others.map((one) => [one.path, one.name] as const)];
}

type Answer = (operation: string) => StubReply;
type Recorder = (call: StubCall) => void;

/** A node on loopback that speaks REST and gRPC and answers what `answer` says. */
export async function startStub(node: string, answer: Answer, record: Recorder): Promise<StubNode> {
  const stub: { onAbandoned: (operation: string) => void } = { onAbandoned: () => {} };
  const sockets = new Set<Socket>();
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const raw = Buffer.concat(chunks);
      const operation = (request.url ?? "").slice(1);
      record({
        node,
        transport: "rest",
        operation,
        method: request.method ?? "",
        body: parsed(raw),
        raw,
        headers: textHeaders(request.headers),
      });
      const reply = answer(operation);
      response.on("close", () => {
        if (!response.writableFinished) stub.onAbandoned(operation);
      });
      if (reply.hang === true) return;
      setTimeout(() => {
        sendReply(request, response, raw, reply);
      }, reply.delayMs ?? 0);
    });
  });
  http.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const { server, port } = await startGrpc(node, answer, record, (operation) => {
    stub.onAbandoned(operation);
  });
  return Object.assign(stub, {
    httpPort: (http.address() as AddressInfo).port,
    grpcPort: port,
    connections: () => sockets.size,
    stop: async () => {
      server.forceShutdown();
      for (const socket of sockets) socket.destroy();
      const closed = once(http, "close");
      http.close();
      await closed;
    },
  });
}

function sendReply(request: IncomingMessage, response: ServerResponse, raw: Buffer, reply: StubReply): void {
  response.statusCode = reply.status ?? 200;
  const type = reply.echo === true ? request.headers["content-type"] : reply.contentType;
  if (type !== null) response.setHeader("content-type", type ?? "application/json");
  if (reply.contentEncoding !== undefined) response.setHeader("content-encoding", reply.contentEncoding);
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  if (reply.echo === true) response.end(raw);
  else if (reply.base64 !== undefined) response.end(Buffer.from(reply.base64, "base64"));
  else response.end(reply.text ?? JSON.stringify(reply.body ?? {}));
}

async function startGrpc(
  node: string,
  answer: Answer,
  record: Recorder,
  abandoned: (operation: string) => void,
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  const same = (bytes: Buffer): Buffer => bytes;
  for (const [path, operation] of operations()) {
    const handler = (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void => {
      const headers = textHeaders(call.metadata.getMap());
      const raw = call.request;
      const body = messagesOf(path)?.decodeRequest(raw) ?? null;
      record({ node, transport: "grpc", operation, method: path, body, raw, headers });
      const reply = answer(operation);
      call.on("cancelled", () => {
        abandoned(operation);
      });
      if (reply.hang === true) return;
      setTimeout(() => {
        if (reply.grpc !== undefined) {
          const { code, message, trailers } = reply.grpc;
          callback(Object.assign(new Error(message), { code, details: message, metadata: metadataOf(trailers ?? {}) }));
        } else callback(null, grpcBytes(path, raw, reply));
      }, reply.delayMs ?? 0);
    };
    server.register(path, handler, same, same, "unary");
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return { server, port };
}

/** Values of names in `-bin` are the bytes of the text. */
function metadataOf(entries: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(entries)) {
    metadata.set(name, name.endsWith("-bin") ? Buffer.from(value) : value);
  }
  return metadata;
}

function grpcBytes(path: string, request: Buffer, reply: StubReply): Buffer {
  if (reply.echo === true) return request;
  if (reply.base64 !== undefined) return Buffer.from(reply.base64, "base64");
  return messagesOf(path)?.encodeReply(reply.body ?? {}) ?? Buffer.alloc(0);
}

function textHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function parsed(raw: Buffer): Json {
  try {
    return JSON.parse(raw.toString("utf8")) as Json;
  } catch {
    return raw.toString("utf8");
  }
}

/** A request in a method's own encoding. */
export function encodeRequest(method: "Predict" | "SendFeedback", json: Json): Buffer {
  const messages = messagesOf(`/seldon.protos.Seldon/${method}`);
  if (messages === undefined) throw new Error(`the schema has no method ${method}`);
  return messages.encodeRequest(json);
}
