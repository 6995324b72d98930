import { CallError, type Fault } from "../execute/call-error.ts";
import { BYTES, eachField, stringField, WireError, type Field } from "./wire/fields.ts";

// Fields of inference.ModelInferRequest and ModelInferResponse; those that both have, have the same numbers.
const MODEL_NAME = 1;
const ID = 3;
const PARAMETERS = 4;
const TENSORS = 5;
const RAW_OF_REPLY = 6;
const RAW_OF_REQUEST = 7;

/**
 * A ModelInferResponse as the next node's ModelInferRequest: outputs are its inputs, raw output contents its raw input
 * contents, id and parameters stay, the model's version goes, its name is replaced. Tensors are not read.
 */
export function requestOfReply(reply: Buffer, modelName: string): Buffer {
  const parts: Buffer[] = [stringField(MODEL_NAME, modelName)];
  walk(reply, "bad-reply", "ModelInferResponse", (field) => {
    if (field.number === RAW_OF_REPLY) parts.push(TAG_RAW_OF_REQUEST, reply.subarray(field.afterTag, field.end));
    else if (isKept(field)) parts.push(reply.subarray(field.start, field.end));
  });
  return Buffer.concat(parts);
}

/** A ModelInferRequest as the ModelInferResponse that gives it back: what a graph answers that called no node. */
export function replyOfRequest(request: Buffer): Buffer {
  const parts: Buffer[] = [];
  walk(request, "bad-request", "ModelInferRequest", (field) => {
    if (field.number === RAW_OF_REQUEST) parts.push(TAG_RAW_OF_REPLY, request.subarray(field.afterTag, field.end));
    else if (field.number === MODEL_NAME || isKept(field)) parts.push(request.subarray(field.start, field.end));
  });
  return Buffer.concat(parts);
}

/**
 * A request under another model name. Its name is field 1 in every V2 message that has one (ModelInferRequest,
 * ModelReadyRequest, ModelMetadataRequest).
 */
export function underModelName(request: Buffer, modelName: string): Buffer {
  const parts: Buffer[] = [stringField(MODEL_NAME, modelName)];
  walk(request, "bad-request", "request", (field) => {
    if (field.number !== MODEL_NAME) parts.push(request.subarray(field.start, field.end));
  });
  return Buffer.concat(parts);
}

/** Whether a ModelInferRequest brings its tensors in raw contents. */
export function hasRawContents(request: Buffer): boolean {
  let isRaw = false;
  walk(request, "bad-request", "ModelInferRequest", (field) => {
    if (field.number === RAW_OF_REQUEST) isRaw = true;
  });
  return isRaw;
}

const TAG_RAW_OF_REQUEST = Buffer.from([RAW_OF_REQUEST * 8 + BYTES]);
const TAG_RAW_OF_REPLY = Buffer.from([RAW_OF_REPLY * 8 + BYTES]);

function isKept(field: Field): boolean {
  return field.number === TENSORS || field.number === ID || field.number === PARAMETERS;
}

/** Every field of these messages is of wire type BYTES. */
function walk(message: Buffer, fault: Fault, what: string, visit: (field: Field) => void): void {
  try {
    eachField(message, (field) => {
      if (field.wire !== BYTES && field.number <= RAW_OF_REQUEST) throw new WireError("a field has the wrong type");
      visit(field);
    });
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new CallError(fault, `not an encoded ${what}: ${error.message}`);
  }
}
