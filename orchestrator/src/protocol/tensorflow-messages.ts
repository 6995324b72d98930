import { CallError, type Fault } from "../execute/call-error.ts";
import { BYTES, eachField, messageField, stringField, WireError, type Field } from "./wire/fields.ts";

// tensorflow.serving.PredictRequest: 1 model_spec, 2 inputs, 3 output_filter. PredictResponse: 1 outputs, 2 model_spec.
// ModelSpec: 1 name, 2 version, 3 signature_name, 4 version_label. A map entry: 1 key, 2 value.
const SPEC_OF_REQUEST = 1;
const TENSORS_OF_REQUEST = 2;
const TENSORS_OF_REPLY = 1;
const SPEC_OF_REPLY = 2;
const SPEC_NAME = 1;

/** A PredictResponse as the next node's PredictRequest: outputs are its inputs. Tensors are not read. */
export function requestOfReply(reply: Buffer, modelName: string): Buffer {
  const parts: Buffer[] = [...messageField(SPEC_OF_REQUEST, [stringField(SPEC_NAME, modelName)])];
  walk(reply, "bad-reply", "PredictResponse", (field) => {
    if (field.number !== TENSORS_OF_REPLY) return;
    parts.push(tagOf(TENSORS_OF_REQUEST), reply.subarray(field.afterTag, field.end));
  });
  return Buffer.concat(parts);
}

/** A PredictRequest as the PredictResponse that gives it back: what a graph answers that called no node. */
export function replyOfRequest(request: Buffer): Buffer {
  const parts: Buffer[] = [];
  walk(request, "bad-request", "PredictRequest", (field) => {
    const number = { [TENSORS_OF_REQUEST]: TENSORS_OF_REPLY, [SPEC_OF_REQUEST]: SPEC_OF_REPLY }[field.number];
    if (number !== undefined) parts.push(tagOf(number), request.subarray(field.afterTag, field.end));
  });
  return Buffer.concat(parts);
}

/**
 * A request under another model name; version and signature stay. The model_spec is field 1 of every message of
 * TensorFlow Serving that has one (Predict, Classify, Regress, GetModelStatus, GetModelMetadata).
 */
export function underModelName(request: Buffer, modelName: string): Buffer {
  const spec: Buffer[] = [stringField(SPEC_NAME, modelName)];
  const rest: Buffer[] = [];
  walk(request, "bad-request", "request", (field) => {
    if (field.number !== SPEC_OF_REQUEST) {
      rest.push(request.subarray(field.start, field.end));
      return;
    }
    walk(request.subarray(field.value, field.end), "bad-request", "ModelSpec", (one, within) => {
      if (one.number !== SPEC_NAME) spec.push(within.subarray(one.start, one.end));
    });
  });
  return Buffer.concat([...messageField(SPEC_OF_REQUEST, spec), ...rest]);
}

function tagOf(number: number): Buffer {
  return Buffer.from([number * 8 + BYTES]);
}

/** Every field of these messages is of wire type BYTES. */
function walk(message: Buffer, fault: Fault, what: string, visit: (field: Field, within: Buffer) => void): void {
  try {
    eachField(message, (field) => {
      if (field.wire !== BYTES && field.number <= 4) throw new WireError("a field has the wrong type");
      visit(field, message);
    });
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new CallError(fault, `not an encoded ${what}: ${error.message}`);
  }
}
