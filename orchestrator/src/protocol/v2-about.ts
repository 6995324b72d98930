import { inference } from "#proto/gen/inference.js";
import { CallError } from "../execute/call-error.ts";
import { jsonPayload, type RestPayload } from "../execute/payload.ts";
import type { CallMethod, ModelRef } from "./protocol.ts";

const READY = "/inference.GRPCInferenceService/ModelReady";
const METADATA = "/inference.GRPCInferenceService/ModelMetadata";

/** GET /v2/models/{m}/ready of a node that speaks gRPC: an error where the model is not ready, as V2 has it. */
export async function v2Status({ name, version }: ModelRef, call: CallMethod): Promise<RestPayload> {
  const request = inference.ModelReadyRequest.encode({ name, version }).finish();
  const reply = await call(READY, Buffer.from(request));
  const { ready } = decoded("ModelReadyResponse", () => inference.ModelReadyResponse.decode(reply));
  if (!ready) throw new CallError("not-ready", `model ${name} is not ready`);
  return jsonPayload({ name, ready });
}

/** GET /v2/models/{m} of a node that speaks gRPC. */
export async function v2Metadata({ name, version }: ModelRef, call: CallMethod): Promise<RestPayload> {
  const request = inference.ModelMetadataRequest.encode({ name, version }).finish();
  const reply = await call(METADATA, Buffer.from(request));
  const metadata = decoded("ModelMetadataResponse", () => inference.ModelMetadataResponse.decode(reply));
  return jsonPayload({
    name: metadata.name,
    versions: metadata.versions,
    platform: metadata.platform,
    inputs: metadata.inputs.map(tensorOf),
    outputs: metadata.outputs.map(tensorOf),
  });
}

function tensorOf(tensor: inference.ModelMetadataResponse.TensorMetadata.$Properties): unknown {
  return { name: tensor.name, datatype: tensor.datatype, shape: (tensor.shape ?? []).map(Number) };
}

function decoded<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch {
    throw new CallError("bad-reply", `not an encoded ${what}`);
  }
}
