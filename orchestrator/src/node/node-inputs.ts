import { CallError } from "../execute/call-error.ts";
import type { GrpcPayload, Payload, RestPayload } from "../execute/payload.ts";
import type { NodeRequest, Operation } from "../execute/run.ts";
import { modelRefOf } from "../protocol/model-names.ts";
import { repliesOf, type NodeProtocol } from "../protocol/protocol.ts";

/** Makes what a node is sent of what a walk has for it: in the node's transport, under its model name, gathered. */
export class NodeInputs {
  readonly #protocol: NodeProtocol;
  readonly #maxBytes: number;

  /** `maxBytes` is what a compressed payload may grow to. */
  constructor(protocol: NodeProtocol, maxBytes: number) {
    this.#protocol = protocol;
    this.#maxBytes = maxBytes;
  }

  /** `asked` is the request's operation, or the one that stands in for it. */
  async rest(asked: Operation, request: NodeRequest): Promise<RestPayload> {
    const { node, operation } = request;
    const { rest } = this.#protocol;
    const payloads = await this.inForm<RestPayload>(request, "rest");
    const gather = asked === operation ? rest.gather : rest.standIn?.gather;
    if (operation === "aggregate" && gather !== undefined) {
      return gather(repliesOf(request.from ?? node.children, payloads), this.#maxBytes);
    }
    return operation === "send-feedback" ? single(payloads) : rest.chain(single(payloads), this.#maxBytes);
  }

  async grpc(request: NodeRequest): Promise<GrpcPayload> {
    const { node, operation, run } = request;
    const { grpc } = this.#protocol;
    const payloads = await this.inForm<GrpcPayload>(request, "grpc");
    const model = modelRefOf(run.graph, node, run);
    if (operation === "aggregate") return grpc.gather(repliesOf(request.from ?? node.children, payloads), model);
    return operation === "send-feedback" ? single(payloads) : grpc.chain(single(payloads), model, run.modelName);
  }

  /** The request's payloads, each in the given transport's form. */
  inForm<T extends Payload>(request: NodeRequest, form: T["transport"]): readonly T[] | Promise<T[]> {
    const { payloads, operation } = request;
    if (payloads.every((one) => one.transport === form)) return payloads as readonly T[];
    const carried = operation === "send-feedback" ? "feedback" : "message";
    const converted = payloads.map(async (one) => this.#protocol.convert(one, form, carried, this.#maxBytes));
    return Promise.all(converted) as Promise<T[]>;
  }
}

function single<T>(payloads: readonly T[]): T {
  const [only] = payloads;
  if (only === undefined) throw new CallError("internal", "a node call needs a payload");
  return only;
}
