import { isJsonObject, type Json, type JsonObject } from "../json/json.ts";

/** Which protocol's reply a default is. */
export type MessageProtocol = "seldon" | "tensorflow" | "v2";

/** What is wrong with a message, in JSON, that is to stand in for a node's reply; undefined when nothing is. */
export function faultOfDefault(protocol: MessageProtocol, text: string): string | undefined {
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch {
    return "is not JSON";
  }
  if (!isJsonObject(json)) return "must be a JSON object";
  switch (protocol) {
    case "seldon":
      return faultOfSeldonMessage(json);
    case "v2":
      return faultOfInferResponse(json);
    case "tensorflow":
      return Array.isArray(json["predictions"]) || json["outputs"] !== undefined
        ? undefined
        : "must be a TensorFlow Serving response with predictions or outputs";
  }
}

const PAYLOADS = ["data", "binData", "strData", "jsonData"] as const;
const TENSORS = ["tensor", "ndarray", "tftensor"] as const;

function faultOfSeldonMessage(message: JsonObject): string | undefined {
  const known: readonly string[] = [...PAYLOADS, "meta", "status"];
  const unknown = Object.keys(message).find((key) => !known.includes(key));
  if (unknown !== undefined) return `must be a SeldonMessage; "${unknown}" is not a field of it`;
  const fault = faultOfChoice(message, PAYLOADS, "the SeldonMessage");
  if (fault !== undefined) return fault;
  for (const key of ["meta", "status"] as const) {
    if (message[key] !== undefined && !isJsonObject(message[key]))
      return `must be a SeldonMessage; ${key} is an object`;
  }
  for (const key of ["binData", "strData"] as const) {
    if (message[key] !== undefined && typeof message[key] !== "string")
      return `must be a SeldonMessage; ${key} is text`;
  }
  return message["data"] === undefined ? undefined : faultOfData(message["data"]);
}

function faultOfData(data: Json): string | undefined {
  if (!isJsonObject(data)) return "must be a SeldonMessage; data is an object";
  const fault = faultOfChoice(data, TENSORS, "data");
  if (fault !== undefined) return fault;
  if (data["ndarray"] !== undefined && !Array.isArray(data["ndarray"])) return "data.ndarray must be an array";
  const { tensor } = data;
  if (tensor === undefined) return undefined;
  if (!isJsonObject(tensor) || !isNumbers(tensor["shape"]) || !isNumbers(tensor["values"])) {
    return "data.tensor must have shape and values, arrays of numbers";
  }
  const count = tensor["shape"].reduce((product, one) => product * one, 1);
  return count === tensor["values"].length
    ? undefined
    : `data.tensor has ${tensor["values"].length} values, but its shape says ${count}`;
}

function faultOfChoice(object: JsonObject, keys: readonly string[], what: string): string | undefined {
  const present = keys.filter((key) => object[key] !== undefined);
  return present.length === 1 ? undefined : `must be a SeldonMessage; ${what} holds one of ${keys.join(", ")}`;
}

function faultOfInferResponse({ outputs }: JsonObject): string | undefined {
  if (!Array.isArray(outputs) || outputs.length === 0) return "must be a V2 inference response with outputs";
  const isWrong = (outputs as readonly Json[]).some(
    (one) =>
      !isJsonObject(one) ||
      typeof one["name"] !== "string" ||
      typeof one["datatype"] !== "string" ||
      !isNumbers(one["shape"]) ||
      !Array.isArray(one["data"]),
  );
  return isWrong ? "must be a V2 inference response; every output has name, datatype, shape and data" : undefined;
}

function isNumbers(value: Json | undefined): value is readonly number[] {
  return Array.isArray(value) && (value as readonly Json[]).every((one) => typeof one === "number");
}
