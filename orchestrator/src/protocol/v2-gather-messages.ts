import { CallError } from "../execute/call-error.ts";
import type { GrpcPayload } from "../execute/payload.ts";
import type { ChildReply, ModelRef } from "./protocol.ts";
import { BYTES, bytesHead, eachField, messageField, stringField, WireError } from "./wire/fields.ts";

// Fields of ModelInferResponse (raw contents: 6) and of ModelInferRequest (raw contents: 7).
const MODEL_NAME = 1;
const ID = 3;
const TENSORS = 5;
const RAW_OF_REPLY = 6;
const RAW_OF_REQUEST = 7;
// Fields of a tensor.
const NAME = 1;
const DATATYPE = 2;
const CONTENTS = 5;

/** A child's tensors, their bytes unread. */
interface Read {
  readonly child: string;
  readonly id: Buffer | undefined;
  readonly tensors: readonly Tensor[];
  readonly raws: readonly Buffer[];
}

interface Tensor {
  readonly name: string;
  readonly datatype: string;
  readonly contents: Buffer | undefined;
  /** Every field but the name, as it was. */
  readonly fields: readonly Buffer[];
  /** The same without the contents. */
  readonly bare: readonly Buffer[];
}

/**
 * The children's outputs as the inputs of one ModelInferRequest, in the children's order, each named
 * `<child>.<output>`; the id is the first that a child gave back. Where one child answers in raw contents, all do: a
 * message has either.
 */
export async function gatherMessages(
  replies: readonly ChildReply<GrpcPayload>[],
  model: ModelRef,
): Promise<GrpcPayload> {
  const children = replies.map(readChild);
  const isRaw = children.some((one) => one.raws.length > 0);
  const parts: Buffer[] = [stringField(MODEL_NAME, model.name)];
  const id = children.find((one) => one.id !== undefined)?.id;
  if (id !== undefined) parts.push(id);
  const raws: Buffer[] = [];
  for (const { child, tensors, raws: own } of children) {
    for (const [i, tensor] of tensors.entries()) {
      const name = stringField(NAME, `${child}.${tensor.name}`);
      parts.push(...messageField(TENSORS, [name, ...(isRaw ? tensor.bare : tensor.fields)]));
      if (isRaw) raws.push(own[i] ?? (await rawOf(tensor)));
    }
  }
  for (const raw of raws) parts.push(bytesHead(RAW_OF_REQUEST, raw.length), raw);
  return { transport: "grpc", body: Buffer.concat(parts) };
}

function readChild({ child, payload }: ChildReply<GrpcPayload>): Read {
  const rawField = payload.isReply === true ? RAW_OF_REPLY : RAW_OF_REQUEST;
  const { body } = payload;
  let id: Buffer | undefined;
  const tensors: Tensor[] = [];
  const raws: Buffer[] = [];
  try {
    eachField(body, ({ number, wire, start, value, end }) => {
      if (wire !== BYTES && number <= RAW_OF_REQUEST) throw new WireError("a field has the wrong type");
      if (number === ID) id = body.subarray(start, end);
      else if (number === TENSORS) tensors.push(readTensor(body.subarray(value, end)));
      else if (number === rawField) raws.push(body.subarray(value, end));
    });
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new CallError(
      "bad-reply",
      `the answer of node ${child} is not an encoded ModelInferResponse: ${error.message}`,
    );
  }
  if (raws.length > 0 && raws.length !== tensors.length) {
    const message = `the answer of node ${child} has ${tensors.length} outputs, but ${raws.length} raw contents`;
    throw new CallError("bad-reply", message);
  }
  return { child, id, tensors, raws };
}

function readTensor(bytes: Buffer): Tensor {
  let name = "";
  let datatype = "";
  let contents: Buffer | undefined;
  const fields: Buffer[] = [];
  const bare: Buffer[] = [];
  eachField(bytes, ({ number, wire, start, value, end }) => {
    if (wire !== BYTES && (number === NAME || number === DATATYPE || number === CONTENTS)) {
      throw new WireError("a field has the wrong type");
    }
    const field = bytes.subarray(start, end);
    if (number === NAME) {
      name = bytes.toString("utf8", value, end);
      return;
    }
    fields.push(field);
    if (number === DATATYPE) datatype = bytes.toString("utf8", value, end);
    if (number === CONTENTS) contents = joined(contents, bytes.subarray(value, end));
    else bare.push(field);
  });
  return { name, datatype, contents, fields, bare };
}

/** A message that comes in several pieces is what the pieces say together. */
function joined(first: Buffer | undefined, second: Buffer): Buffer {
  return first === undefined ? second : Buffer.concat([first, second]);
}

async function rawOf(tensor: Tensor): Promise<Buffer> {
  if (tensor.contents === undefined) return Buffer.alloc(0);
  const { inference } = await import("#proto/gen/inference.js");
  const { rawContentsOf } = await import("./tensors/raw-contents.ts");
  try {
    return rawContentsOf(tensor.datatype, inference.InferTensorContents.decode(tensor.contents));
  } catch (error) {
    if (error instanceof CallError) throw error;
    throw new CallError("bad-reply", `the contents of tensor ${tensor.name} can't be read`);
  }
}
