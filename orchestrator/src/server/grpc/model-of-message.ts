import { CallError } from "../../execute/call-error.ts";
import type { ModelRef } from "../../protocol/protocol.ts";
import { BYTES, eachField, readVarint, VARINT, WireError, type Field } from "../../protocol/wire/fields.ts";

// Field numbers of the messages concerned.
const NAME = 1;
const VERSION = 2;
const MODEL_SPEC = 1;
const WRAPPED_VALUE = 1;

/** What a V2 message names: fields 1 and 2 of ModelInferRequest, ModelReadyRequest and ModelMetadataRequest. */
export function modelOfV2(message: Buffer): ModelRef {
  let name = "";
  let version = "";
  visit(message, (field) => {
    if (field.wire !== BYTES) return;
    if (field.number === NAME) name = textOf(message, field);
    else if (field.number === VERSION) version = textOf(message, field);
  });
  return { name, version };
}

/** What the model_spec of a TensorFlow Serving message names; undefined where it has none. */
export function modelOfTensorflow(message: Buffer): ModelRef | undefined {
  let spec: ModelRef | undefined;
  visit(message, (field) => {
    if (field.number === MODEL_SPEC && field.wire === BYTES) spec = readSpec(message.subarray(field.value, field.end));
  });
  return spec;
}

function readSpec(spec: Buffer): ModelRef {
  let name = "";
  let version = "";
  visit(spec, (field) => {
    if (field.wire !== BYTES) return;
    if (field.number === NAME) name = textOf(spec, field);
    else if (field.number === VERSION) version = int64Of(spec.subarray(field.value, field.end));
  });
  return { name, version };
}

/** The value of a google.protobuf.Int64Value. */
function int64Of(wrapper: Buffer): string {
  let value = 0;
  visit(wrapper, (field) => {
    if (field.number === WRAPPED_VALUE && field.wire === VARINT) value = readVarint(wrapper, field.value, field.end);
  });
  return String(value);
}

function textOf(bytes: Buffer, field: Field): string {
  return bytes.toString("utf8", field.value, field.end);
}

function visit(bytes: Buffer, take: (field: Field) => void): void {
  try {
    eachField(bytes, take);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new CallError("bad-request", `not an encoded request: ${error.message}`);
  }
}
