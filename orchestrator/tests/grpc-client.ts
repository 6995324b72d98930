import {
  compressionAlgorithms,
  Client,
  credentials,
  Metadata,
  type ClientDuplexStream,
  type ServiceError,
} from "@grpc/grpc-js";

const same = (bytes: Buffer): Buffer => bytes;

export interface Answer {
  readonly code: number;
  readonly details: string;
  readonly reply: Buffer;
  /** Headers, then trailers. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface CallOptions {
  readonly metadata?: Readonly<Record<string, string | Buffer>>;
  readonly deadlineMs?: number;
}

/** A gRPC client that is not ours. */
export class TestClient {
  readonly client: Client;

  constructor(port: number, options: Readonly<Record<string, unknown>> = {}) {
    this.client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
      "grpc.max_send_message_length": -1,
      "grpc.use_local_subchannel_pool": 1,
      ...options,
    });
  }

  call(path: string, message: Buffer, options: CallOptions = {}): Promise<Answer> {
    const metadata = metadataOf(options.metadata ?? {});
    const deadline = options.deadlineMs === undefined ? {} : { deadline: Date.now() + options.deadlineMs };
    return new Promise((resolve) => {
      let all: Record<string, unknown> = {};
      const done = (error: ServiceError | null, reply: Buffer = Buffer.alloc(0)): void => {
        if (error !== null) all = { ...all, ...error.metadata.getMap() };
        resolve({ code: error?.code ?? 0, details: error?.details ?? "", reply, metadata: all });
      };
      this.client.makeUnaryRequest(path, same, same, message, metadata, deadline, done).on("metadata", (first) => {
        all = first.getMap();
      });
    });
  }

  open(path: string, metadata: Readonly<Record<string, string>> = {}): ClientDuplexStream<Buffer, Buffer> {
    return this.client.makeBidiStreamRequest(path, same, same, metadataOf(metadata));
  }

  close(): void {
    this.client.close();
  }
}

/** Options of a client that compresses what it sends. */
export const GZIP = { "grpc.default_compression_algorithm": compressionAlgorithms.gzip };

function metadataOf(values: Readonly<Record<string, string | Buffer>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(values)) metadata.set(name, value);
  return metadata;
}

/** All messages of a stream and its status. */
export function collect(
  stream: ClientDuplexStream<Buffer, Buffer>,
): Promise<{ messages: Buffer[]; code: number; details: string }> {
  const messages: Buffer[] = [];
  stream.on("data", (message: Buffer) => messages.push(message));
  stream.on("error", () => {
    // Its status follows.
  });
  return new Promise((resolve) => {
    stream.on("status", ({ code, details }) => {
      resolve({ messages, code, details });
    });
  });
}
