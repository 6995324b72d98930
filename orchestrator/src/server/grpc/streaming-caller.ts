import { asCallError, GRPC } from "../../execute/call-error.ts";
import type { Payload } from "../../execute/payload.ts";
import type { NodeCaller, NodeRequest } from "../../execute/run.ts";
import type { GraphNode } from "../../graph/graph.ts";
import { transportOf, type ContainerCaller } from "../../node/container-caller.ts";
import type { NodeStream } from "../../node/grpc/node-stream.ts";
import { modelRefOf } from "../../protocol/model-names.ts";
import { protocolOf } from "../../protocol/protocols.ts";

/** Nodes that have said that they know no such method; a new version of the graph asks them again. */
const withoutStreams = new WeakSet<GraphNode>();

/**
 * Calls nodes for one message of a stream. The node that gives the graph's answer is called by its streaming method,
 * where it has one: its first message is the reply, and `more` gives the others.
 */
export class StreamingCaller implements NodeCaller {
  readonly #inner: ContainerCaller;
  readonly #method: string;
  readonly #unwrap: (message: Buffer) => Buffer;
  #stream: NodeStream | undefined;
  /** True when the node has answered with no message at all. */
  isEmpty = false;

  constructor(inner: ContainerCaller, method: string, unwrap: (message: Buffer) => Buffer) {
    this.#inner = inner;
    this.#method = method;
    this.#unwrap = unwrap;
  }

  get maxReplyBytes(): number {
    return this.#inner.maxReplyBytes;
  }

  async call(request: NodeRequest): Promise<Payload> {
    const { node, operation, payloads, run, answersClient, scope } = request;
    const [payload] = payloads;
    const canStream = answersClient && operation !== "aggregate" && transportOf(node, "grpc") === "grpc";
    if (!canStream || payload?.transport !== "grpc" || withoutStreams.has(node)) return this.#inner.call(request);
    const message = protocolOf(run.graph).grpc.chain(payload, modelRefOf(run.graph, node, run), run.modelName);
    try {
      this.#stream = await this.#inner.openStream(node, this.#method, message.body, run, scope);
      const first = await this.#stream.read();
      this.isEmpty = first === undefined;
      return { transport: "grpc", body: first === undefined ? NOTHING : this.#unwrap(first), isReply: true };
    } catch (error) {
      if (asCallError(error).grpcCode !== GRPC.UNIMPLEMENTED) throw error;
      this.#stream = undefined;
      withoutStreams.add(node);
      return this.#inner.call(request);
    }
  }

  /** The next message of the node that answers; undefined when it has sent its last. */
  async more(): Promise<Buffer | undefined> {
    const message = await this.#stream?.read();
    return message === undefined ? undefined : this.#unwrap(message);
  }

  /** Wants no more messages. */
  cancel(): void {
    this.#stream?.cancel();
  }
}

const NOTHING = Buffer.alloc(0);
