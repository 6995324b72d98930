import { CallError } from "../execute/call-error.ts";
import type { GrpcPayload, Payload, RestPayload } from "../execute/payload.ts";
import { inflated } from "./inflate.ts";
import { badRoute, branchOf, memberOf, parseRouterReply } from "./router-reply.ts";
import { routeOf } from "./seldon-route.ts";
import { firstNumberInJson, firstNumberOf } from "./tensors/elements.ts";
import { BYTES, eachField, WireError } from "./wire/fields.ts";

/**
 * The branch that a router of TensorFlow Serving names: the first number of its first prediction or output, truncated.
 * What a node answers to `:route` may also be a SeldonMessage or an array of numbers, as Seldon reads it.
 */
export async function readTensorflowRoute(node: string, reply: Payload, maxBytes: number): Promise<number> {
  return reply.transport === "rest" ? routeOfJson(node, await inflated(reply, maxBytes)) : routeOfMessage(node, reply);
}

function routeOfJson(node: string, reply: RestPayload): number {
  const parsed = parseRouterReply(node, reply.body);
  const found = memberOf(parsed, "predictions") ?? memberOf(parsed, "outputs");
  return found === undefined ? routeOf(node, parsed) : branchOf(node, firstOf(found));
}

/** Rows and columns may be named: the first name's value is meant. */
function firstOf(value: unknown): number | undefined {
  let inner = value;
  while (typeof inner === "object" && inner !== null) inner = Object.values(inner)[0];
  return firstNumberInJson(inner);
}

async function routeOfMessage(node: string, reply: GrpcPayload): Promise<number> {
  const { tensorflow } = await import("#proto/gen/seldon.js");
  try {
    const bytes = firstTensor(reply.body);
    if (bytes === undefined) throw badRoute(node, "has no outputs");
    const tensor = tensorflow.TensorProto.decode(bytes);
    if (tensor.tensorContent.length > 0) {
      return branchOf(node, firstNumberOf(DATATYPES[tensor.dtype] ?? "", tensor.tensorContent));
    }
    const { intVal, int64Val, uint32Val, uint64Val, floatVal, doubleVal, boolVal } = tensor;
    const typed: readonly (readonly unknown[])[] = [
      intVal,
      int64Val,
      uint32Val,
      uint64Val,
      floatVal,
      doubleVal,
      boolVal,
    ];
    const first = typed.find((one) => one.length > 0)?.[0];
    return branchOf(node, first === undefined ? undefined : Number(first));
  } catch (error) {
    if (error instanceof CallError) throw error;
    throw badRoute(node, "is not an encoded PredictResponse");
  }
}

/** The value of the first entry of PredictResponse.outputs (1): a map entry's field 2. */
function firstTensor(reply: Buffer): Buffer | undefined {
  let tensor: Buffer | undefined;
  eachField(reply, (entry) => {
    if (entry.number !== 1 || tensor !== undefined) return;
    if (entry.wire !== BYTES) throw new WireError("a field has the wrong type");
    eachField(
      reply,
      (one) => {
        if (one.number === 2 && one.wire === BYTES) tensor = reply.subarray(one.value, one.end);
      },
      entry.value,
      entry.end,
    );
  });
  return tensor;
}

/** tensorflow.DataType by number, as V2 calls them. */
const DATATYPES: Readonly<Record<number, string>> = {
  1: "FP32",
  2: "FP64",
  3: "INT32",
  4: "UINT8",
  5: "INT16",
  6: "INT8",
  9: "INT64",
  10: "BOOL",
  14: "BF16",
  17: "UINT16",
  19: "FP16",
  22: "UINT32",
  23: "UINT64",
};
