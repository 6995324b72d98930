import type protobuf from "protobufjs/light.js";
import { asList, asObject, mismatch, present, ProtoJsonError, within } from "./proto-json-error.ts";
import { writerOfScalar } from "./proto-scalar.ts";
import type { ProtoWriter } from "./proto-writer.ts";
import type { Json } from "./resource.ts";

/** Writes the fields of a message, without a length before them. */
export type WriteMessage = (writer: ProtoWriter, body: Json) => void;

/** Finds the writer of the message a type URL stands for. */
export type WriterOfTypeUrl = (typeUrl: string) => WriteMessage | undefined;

const WRAPPERS: Readonly<Record<string, string>> = {
  ".google.protobuf.BoolValue": "bool",
  ".google.protobuf.BytesValue": "bytes",
  ".google.protobuf.DoubleValue": "double",
  ".google.protobuf.FloatValue": "float",
  ".google.protobuf.Int32Value": "int32",
  ".google.protobuf.Int64Value": "int64",
  ".google.protobuf.StringValue": "string",
  ".google.protobuf.UInt32Value": "uint32",
  ".google.protobuf.UInt64Value": "uint64",
};

/** Messages whose JSON form is not an object of their fields. */
const HAS_VALUE_FORM = new Set([...Object.keys(WRAPPERS), ".google.protobuf.Duration", ".google.protobuf.Struct"]);

/** The writer of a message with a JSON form of its own (wrappers, Duration, Struct, Any); undefined for others. */
export function wellKnownWriter(type: protobuf.Type, writerOf: WriterOfTypeUrl): WriteMessage | undefined {
  const wrapped = WRAPPERS[type.fullName];
  if (wrapped !== undefined) return wrapperWriter(wrapped);
  switch (type.fullName) {
    case ".google.protobuf.Duration":
      return writeDuration;
    case ".google.protobuf.Struct":
      return writeStruct;
    case ".google.protobuf.Value":
      return writeValue;
    case ".google.protobuf.ListValue":
      return writeList;
    case ".google.protobuf.Any":
      return (writer, value) => {
        writeAny(writer, value, writerOf);
      };
    default:
      return undefined;
  }
}

function wrapperWriter(scalarType: string): WriteMessage {
  const { wireType, write, isDefault } = writerOfScalar(scalarType);
  return (writer, value) => {
    if (!isDefault(value)) write(writer.uint32((1 << 3) | wireType), value);
  };
}

function writeDuration(writer: ProtoWriter, value: Json): void {
  if (value === "0s") return;
  const match = typeof value === "string" ? /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(value) : null;
  if (match === null) throw mismatch('a duration such as "1.5s"', value);
  const sign = match[1] === "-" ? -1 : 1;
  const seconds = Number(match[2]) * sign;
  const nanos = Number((match[3] ?? "").padEnd(9, "0")) * sign;
  if (seconds !== 0) writer.uint32(1 << 3).int64(seconds);
  if (nanos !== 0) writer.uint32(2 << 3).int32(nanos);
}

function writeStruct(writer: ProtoWriter, value: Json): void {
  const object = asObject(value);
  for (const key of Object.keys(object).sort()) {
    writer.uint32((1 << 3) | 2).fork();
    writer.uint32((1 << 3) | 2).string(key);
    nest(writer, 2, () => {
      try {
        writeValue(writer, object[key] ?? null);
      } catch (cause) {
        throw within(key, cause);
      }
    });
    writer.ldelim();
  }
}

function writeList(writer: ProtoWriter, value: Json): void {
  for (const one of asList(value))
    nest(writer, 1, () => {
      writeValue(writer, one);
    });
}

/** google.protobuf.Value: a oneof of null_value 1, number_value 2, string_value 3, bool_value 4, struct_value 5, list_value 6. */
function writeValue(writer: ProtoWriter, value: Json): void {
  if (value === null) writer.uint32(1 << 3).int32(0);
  else if (typeof value === "number") writerOfScalar("double").write(writer.uint32((2 << 3) | 1), value);
  else if (typeof value === "string") writerOfScalar("string").write(writer.uint32((3 << 3) | 2), value);
  else if (typeof value === "boolean") writer.uint32(4 << 3).bool(value);
  else if (Array.isArray(value))
    nest(writer, 6, () => {
      writeList(writer, value as Json);
    });
  else
    nest(writer, 5, () => {
      writeStruct(writer, value);
    });
}

function writeAny(writer: ProtoWriter, value: Json, writerOf: WriterOfTypeUrl): void {
  const { "@type": typeUrl, ...body } = asObject(value);
  // Nothing at all: what switches a filter on for a route.
  if (typeUrl === undefined && Object.keys(body).length === 0) return;
  if (typeof typeUrl !== "string") throw new ProtoJsonError("@type", "is missing or not a string");
  const write = writerOf(typeUrl);
  if (write === undefined) throw new ProtoJsonError("@type", `no message is known for ${typeUrl}`);
  writer.uint32((1 << 3) | 2).string(typeUrl);
  nest(writer, 2, () => {
    write(writer, HAS_VALUE_FORM.has(nameOf(typeUrl)) ? soleValue(body) : body);
  });
}

/** Inside an Any, a message with a JSON form of its own stands in the member `value`. */
function soleValue(body: Readonly<Record<string, Json>>): Json {
  const [extra] = Object.keys(body).filter((key) => key !== "value");
  if (extra !== undefined) throw new ProtoJsonError(extra, 'only "value" may stand beside this "@type"');
  return present(body["value"]);
}

function nameOf(typeUrl: string): string {
  return `.${typeUrl.slice(typeUrl.lastIndexOf("/") + 1)}`;
}

function nest(writer: ProtoWriter, id: number, write: () => void): void {
  writer.uint32((id << 3) | 2).fork();
  write();
  writer.ldelim();
}
