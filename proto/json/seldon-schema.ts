import { seldon, tensorflow } from "#proto/gen/seldon.js";
import { always, mapOf, many, message } from "./schema.ts";

const { Metric, Status } = seldon.protos;

const DIM = message("dim", { size: "int64", name: "string" });
const TENSOR_SHAPE = message("tensorShape", { dim: many(DIM), unknownRank: "bool" });
const RESOURCE_HANDLE = message("resourceHandleVal", {
  device: "string",
  container: "string",
  name: "string",
  hashCode: "uint64",
  maybeTypeName: "string",
});

/** Variants, which hold tensors again, are refused: no model server takes or sends them. */
export const TENSOR_PROTO = message("TensorProto", {
  dtype: { enum: tensorflow.DataType },
  tensorShape: TENSOR_SHAPE,
  versionNumber: "int32",
  tensorContent: "bytes",
  halfVal: many("int32"),
  floatVal: many("float"),
  doubleVal: many("double"),
  intVal: many("int32"),
  stringVal: many("bytes"),
  scomplexVal: many("float"),
  int64Val: many("int64"),
  boolVal: many("bool"),
  dcomplexVal: many("double"),
  resourceHandleVal: many(RESOURCE_HANDLE),
  variantVal: many("refused"),
  uint32Val: many("uint32"),
  uint64Val: many("uint64"),
});

const TENSOR = message("data.tensor", { shape: many("int32"), values: many("double") });

const DATA = message("data", { names: many("text"), tensor: TENSOR, ndarray: "list", tftensor: TENSOR_PROTO }, [
  "tensor",
  "ndarray",
  "tftensor",
]);

const METRIC = message("meta.metrics", {
  key: "string",
  type: always({ enum: Metric.MetricType }),
  value: "float",
  tags: mapOf("text"),
});

const META = message("meta", {
  puid: "string",
  tags: mapOf("value"),
  routing: mapOf("int32"),
  requestPath: mapOf("text"),
  metrics: many(METRIC),
});

const STATUS = message("status", {
  code: "int32",
  info: "string",
  reason: "string",
  status: always({ enum: Status.StatusFlag }),
});

/** google.protobuf.Any of a type that is not known: its bytes in base64 beside `@type`. */
const ANY = message("customData", { type_url: always("string"), value: always("bytes") }, [], { type_url: "@type" });

export const SELDON_MESSAGE = message(
  "SeldonMessage",
  {
    status: STATUS,
    meta: META,
    data: DATA,
    binData: "bytes",
    strData: "string",
    jsonData: "value",
    customData: ANY,
  },
  ["data", "binData", "strData", "jsonData", "customData"],
);

export const SELDON_MESSAGE_LIST = message("SeldonMessageList", { seldonMessages: many(SELDON_MESSAGE) });

export const FEEDBACK = message("Feedback", {
  request: SELDON_MESSAGE,
  response: SELDON_MESSAGE,
  reward: "float",
  truth: SELDON_MESSAGE,
});
