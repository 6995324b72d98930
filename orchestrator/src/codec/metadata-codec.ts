import { seldon } from "#proto/gen/seldon.js";
import type { Json } from "../../../proto/json/json.ts";
import { jsonToValue, valueToJson } from "../../../proto/json/protobuf-value.ts";
import { CallError } from "../execute/call-error.ts";
import type { GraphMetadata, NodeMetadata } from "../execute/metadata-answer.ts";

const wire = seldon.protos;

/** An encoded SeldonModelMetadata as JSON, without empty fields. */
export function decodeModelMetadata(bytes: Uint8Array): NodeMetadata {
  let metadata: seldon.protos.SeldonModelMetadata;
  try {
    metadata = wire.SeldonModelMetadata.decode(bytes);
  } catch {
    throw new CallError("bad-reply", "not an encoded SeldonModelMetadata");
  }
  return {
    ...(metadata.name ? { name: metadata.name } : {}),
    ...(metadata.platform ? { platform: metadata.platform } : {}),
    ...(metadata.versions.length > 0 ? { versions: metadata.versions } : {}),
    ...(metadata.inputs.length > 0 ? { inputs: metadata.inputs.map(tensorToJson) } : {}),
    ...(metadata.outputs.length > 0 ? { outputs: metadata.outputs.map(tensorToJson) } : {}),
    ...(Object.keys(metadata.custom).length > 0 ? { custom: metadata.custom } : {}),
  };
}

/** The name that a SeldonModelMetadataRequest asks about. */
export function decodeMetadataName(bytes: Uint8Array): string {
  try {
    return wire.SeldonModelMetadataRequest.decode(bytes).name;
  } catch {
    throw new CallError("bad-request", "not an encoded SeldonModelMetadataRequest");
  }
}

export function encodeModelMetadata(metadata: NodeMetadata): Uint8Array {
  return wire.SeldonModelMetadata.encode(modelFromJson(metadata)).finish();
}

export function encodeGraphMetadata(metadata: GraphMetadata): Uint8Array {
  const models = Object.entries(metadata.models).map(([name, one]) => [name, modelFromJson(one)] as const);
  return wire.SeldonGraphMetadata.encode({
    name: metadata.name,
    models: Object.fromEntries(models),
    inputs: tensorsFromJson(metadata.graphinputs),
    outputs: tensorsFromJson(metadata.graphoutputs),
  }).finish();
}

function modelFromJson(metadata: NodeMetadata): seldon.protos.SeldonModelMetadata.$Properties {
  const custom = typeof metadata.custom === "object" && metadata.custom !== null ? metadata.custom : {};
  return {
    name: text(metadata.name),
    platform: text(metadata.platform),
    versions: Array.isArray(metadata.versions) ? metadata.versions.map(String) : [],
    inputs: tensorsFromJson(metadata.inputs),
    outputs: tensorsFromJson(metadata.outputs),
    custom: Object.fromEntries(Object.entries(custom).map(([key, value]) => [key, String(value)])),
  };
}

function tensorToJson(tensor: seldon.protos.SeldonMessageMetadata.$Properties): Readonly<Record<string, unknown>> {
  return {
    ...(tensor.messagetype ? { messagetype: tensor.messagetype } : {}),
    ...(tensor.schema ? { schema: valueToJson(tensor.schema) } : {}),
    ...(tensor.name ? { name: tensor.name } : {}),
    ...(tensor.datatype ? { datatype: tensor.datatype } : {}),
    ...(tensor.shape?.length ? { shape: tensor.shape.map(Number) } : {}),
  };
}

/** Free JSON can't be said in SeldonMessageMetadata: only lists of objects are, as in Seldon's executor. */
function tensorsFromJson(json: unknown): seldon.protos.SeldonMessageMetadata.$Properties[] {
  if (json === null || json === undefined) return [];
  if (!Array.isArray(json)) throw new CallError("bad-reply", "inputs and outputs must be lists to be told over gRPC");
  return (json as readonly unknown[]).map((one) => {
    const fields = (typeof one === "object" && one !== null ? one : {}) as Readonly<Record<string, unknown>>;
    return {
      messagetype: text(fields["messagetype"]),
      ...(fields["schema"] === undefined ? {} : { schema: jsonToValue(fields["schema"] as Json) }),
      name: text(fields["name"]),
      datatype: text(fields["datatype"]),
      shape: Array.isArray(fields["shape"]) ? fields["shape"].map(Number) : [],
    };
  });
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
