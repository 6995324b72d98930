import { mapOf, many, message } from "./schema.ts";

const PARAMETER = message("parameters", {
  boolParam: "bool",
  int64Param: "int64",
  stringParam: "string",
  doubleParam: "double",
  uint64Param: "uint64",
});

const CONTENTS = message("contents", {
  boolContents: many("bool"),
  intContents: many("int32"),
  int64Contents: many("int64"),
  uintContents: many("uint32"),
  uint64Contents: many("uint64"),
  fp32Contents: many("float"),
  fp64Contents: many("double"),
  bytesContents: many("bytes"),
});

const INPUT = message("inputs", {
  name: "string",
  datatype: "string",
  shape: many("int64"),
  parameters: mapOf(PARAMETER),
  contents: CONTENTS,
});

const REQUESTED_OUTPUT = message("outputs", { name: "string", parameters: mapOf(PARAMETER) });

export const INFER_REQUEST = message("ModelInferRequest", {
  modelName: "string",
  modelVersion: "string",
  id: "string",
  parameters: mapOf(PARAMETER),
  inputs: many(INPUT),
  outputs: many(REQUESTED_OUTPUT),
  rawInputContents: many("bytes"),
});
