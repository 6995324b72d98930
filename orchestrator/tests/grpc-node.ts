import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
  type ServiceError,
} from "@grpc/grpc-js";
import { startTestApp } from "./orchestrator.ts";

/** What a node does with a message; a status where it throws `{ code, details }`. */
export type UnaryHandler = (message: Buffer, metadata: Readonly<Record<string, unknown>>) => Buffer | Promise<Buffer>;
export type StreamHandler = (call: ServerDuplexStream<Buffer, Buffer>) => void;

export interface GrpcNode {
  readonly port: number;
  /** Full methods in the order they were called. */
  readonly calls: string[];
  stop(): void;
}

const same = (bytes: Buffer): Buffer => bytes;

/** A node that is not ours: methods by their full name. */
export async function startGrpcNode(
  unary: Readonly<Record<string, UnaryHandler>>,
  streams: Readonly<Record<string, StreamHandler>> = {},
): Promise<GrpcNode> {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  const calls: string[] = [];
  for (const [path, handler] of Object.entries(unary)) {
    const answer = async (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>): Promise<void> => {
      calls.push(path);
      try {
        done(null, await handler(call.request, call.metadata.getMap()));
      } catch (error) {
        done(error as Partial<ServiceError>);
      }
    };
    server.register(
      path,
      (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
        void answer(call, done);
      },
      same,
      same,
      "unary",
    );
  }
  for (const [path, handler] of Object.entries(streams)) {
    const take: StreamHandler = (call) => {
      calls.push(path);
      handler(call);
    };
    server.register(path, take, same, same, "bidi");
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return {
    port,
    calls,
    stop: () => {
      server.forceShutdown();
    },
  };
}

/** An orchestrator before such nodes: a chain of models, or one. */
export async function startChain(
  protocol: "seldon" | "tensorflow" | "v2",
  nodes: readonly { readonly name: string; readonly node: GrpcNode }[],
  flags: readonly string[] = [],
  annotations = "",
) {
  const graph = nodes.reduceRight<unknown>((child, { name, node }) => {
    const { port } = node;
    const endpoint = { service_host: "127.0.0.1", service_port: port, grpcPort: port, type: "GRPC" };
    return { name, type: "MODEL", endpoint, children: child === undefined ? [] : [child] };
  }, undefined);
  return startTestApp(graph, { flags: ["--protocol", protocol, ...flags], annotations });
}
