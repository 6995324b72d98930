import { EventEmitter } from "node:events";
import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { envoy } from "#proto/gen/discovery.js";
import { graphway } from "#proto/gen/inference-graph.js";

type Request = envoy.service.discovery.v3.DeltaDiscoveryRequest;
type Stream = ServerDuplexStream<Request, Buffer>;

const wire = envoy.service.discovery.v3;
const METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
export const GRAPH_TYPE = "type.googleapis.com/graphway.v1.InferenceGraph";
const ANSWER_MS = 60_000;
export const GRAPH_NAME = "default/iris/main";

/** A control plane of one graph, over a real delta ADS stream. Emits `request` with each request it gets. */
export class XdsStub extends EventEmitter<{ request: [Request, Readonly<Record<string, unknown>>] }> {
  readonly #server = new Server();
  readonly #streams = new Set<Stream>();
  readonly requests: Request[] = [];
  #nonce = 0;
  port = 0;

  async start(port = 0, secure = ServerCredentials.createInsecure()): Promise<void> {
    this.#server.register(
      METHOD,
      (stream: Stream) => {
        this.#streams.add(stream);
        stream.on("data", (request: Request) => {
          this.requests.push(request);
          this.emit("request", request, stream.metadata.getMap());
        });
        stream.on("end", () => {
          stream.end();
        });
        stream.on("close", () => this.#streams.delete(stream));
        stream.on("cancelled", () => this.#streams.delete(stream));
      },
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => wire.DeltaDiscoveryRequest.decode(bytes),
      "bidi",
    );
    this.port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(`127.0.0.1:${port}`, secure, (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
  }

  /** Pushes a graph (or, undefined, its removal) on every stream, and waits for what one of them says to it. */
  async push(graph: Uint8Array | undefined, version: string): Promise<Request> {
    this.#nonce += 1;
    const nonce = String(this.#nonce);
    const resources =
      graph === undefined ? [] : [{ name: GRAPH_NAME, version, resource: { type_url: GRAPH_TYPE, value: graph } }];
    const removedResources = graph === undefined ? [GRAPH_NAME] : [];
    const answer = this.answerTo(nonce);
    const response = { typeUrl: GRAPH_TYPE, nonce, resources, removedResources };
    const bytes = Buffer.from(wire.DeltaDiscoveryResponse.encode(response).finish());
    for (const stream of this.#streams) stream.write(bytes);
    return answer;
  }

  answerTo(nonce: string): Promise<Request> {
    return new Promise((resolve, reject) => {
      const look = (request: Request): void => {
        if (request.responseNonce === nonce)
          settle(() => {
            resolve(request);
          });
      };
      const timer = setTimeout(() => {
        settle(() => {
          reject(new Error(`nobody answers ${nonce}`));
        });
      }, ANSWER_MS);
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        this.off("request", look);
        end();
      };
      this.on("request", look);
    });
  }

  stop(): void {
    this.#server.forceShutdown();
  }
}

/** An encoded InferenceGraph: a chain of models at the given ports, called as the client calls. */
export function chainMessage(ports: readonly { readonly httpPort: number; readonly grpcPort: number }[]): Uint8Array {
  let root: graphway.v1.Node.$Properties | undefined;
  for (const [i, port] of [...ports.entries()].reverse()) {
    root = {
      name: `m${i}`,
      type: graphway.v1.NodeType.MODEL,
      endpoint: { host: "127.0.0.1", servicePort: port.httpPort, ...port },
      ...(root === undefined ? {} : { children: [root] }),
    };
  }
  return graphway.v1.InferenceGraph.encode({
    namespace: "default",
    deployment: "iris",
    predictor: "main",
    ...(root === undefined ? {} : { root }),
  }).finish();
}

/** A graph that can't be served: its node is to be called, and nobody says where. */
export function brokenMessage(): Uint8Array {
  return graphway.v1.InferenceGraph.encode({
    namespace: "default",
    deployment: "iris",
    predictor: "main",
    root: { name: "m", type: graphway.v1.NodeType.MODEL },
  }).finish();
}
