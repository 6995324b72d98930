import protobuf from "protobufjs/light.js";
import { asList, asObject, mismatch, present, ProtoJsonError, within } from "./proto-json-error.ts";
import { writerOfScalar, type ValueWriter } from "./proto-scalar.ts";
import { ProtoWriter } from "./proto-writer.ts";
import { wellKnownWriter, type WriteMessage } from "./proto-well-known.ts";
import { writeBuckets } from "./outline.ts";
import type { Json, JsonObject } from "./resource.ts";
import { bucketsOf, isReused, type Bucket } from "./reused.ts";
import { messageOfTypeUrl } from "./schema.ts";

interface FieldWriter {
  readonly id: number;
  readonly name: string;
  /** Name of the oneof it belongs to. */
  readonly oneof: string | undefined;
  readonly write: (writer: ProtoWriter, value: Json) => void;
  /** Of a map: one entry of it. */
  readonly writeEntry?: (writer: ProtoWriter, key: string, value: Json) => void;
}

const LENGTH_DELIMITED = 2;
const writers = new WeakMap<protobuf.Type, WriteMessage>();

/**
 * The writer of a message from proto3 JSON in its strictest reading: proto field names, enums by name, no nulls, no
 * unknown fields, one member per oneof. Fields are written by number and maps by key, so equal bodies give equal bytes.
 * The writer throws ProtoJsonError.
 */
export function messageWriter(type: protobuf.Type): WriteMessage {
  const known = writers.get(type);
  if (known !== undefined) return known;
  const write = wellKnownWriter(type, writerOfTypeUrl) ?? fieldsWriter(type);
  writers.set(type, write);
  return write;
}

function writerOfTypeUrl(typeUrl: string): WriteMessage | undefined {
  const type = messageOfTypeUrl(typeUrl);
  return type && messageWriter(type);
}

/** Field writers are made at the first use: messages refer to each other in circles. */
function fieldsWriter(type: protobuf.Type): WriteMessage {
  let byName: Map<string, FieldWriter> | undefined;
  return (writer, body) => {
    byName ??= new Map(type.fieldsArray.map((field) => [field.name, fieldWriter(field)]));
    const buckets = bucketsOf(body);
    if (buckets === undefined) writeFields(writer, byName, asObject(body), type);
    else writeJoinedMap(writer, byName.get("map"), buckets);
  };
}

function writeJoinedMap(writer: ProtoWriter, field: FieldWriter | undefined, buckets: readonly Bucket[]): void {
  const { writeEntry } = field ?? {};
  if (writeEntry === undefined) throw new ProtoJsonError("map", "no such map");
  writeBuckets(writer, buckets, ({ key, render }) => {
    const alone = new ProtoWriter();
    try {
      writeEntry(alone, key, render());
    } catch (cause) {
      throw within("map", cause);
    }
    return alone.finish();
  });
}

function writeFields(
  writer: ProtoWriter,
  byName: ReadonlyMap<string, FieldWriter>,
  body: JsonObject,
  type: protobuf.Type,
): void {
  const fields = fieldsOf(byName, body, type);
  for (const field of fields) {
    try {
      field.write(writer, present(body[field.name]));
    } catch (cause) {
      throw within(field.name, cause);
    }
  }
}

/** The fields that a body has, by number. */
function fieldsOf(
  byName: ReadonlyMap<string, FieldWriter>,
  body: JsonObject,
  type: protobuf.Type,
): readonly FieldWriter[] {
  const fields: FieldWriter[] = [];
  let last = 0;
  let isSorted = true;
  let members = 0;
  for (const name of Object.keys(body)) {
    const field = byName.get(name);
    if (field === undefined) throw new ProtoJsonError(name, `no such field in ${type.fullName.slice(1)}`);
    if (field.id < last) isSorted = false;
    if (field.oneof !== undefined) members += 1;
    last = field.id;
    fields.push(field);
  }
  if (!isSorted) fields.sort((a, b) => a.id - b.id);
  if (members > 1) refuseSharedOneof(fields);
  return fields;
}

function refuseSharedOneof(fields: readonly FieldWriter[]): void {
  const seen = new Map<string, string>();
  for (const { oneof, name } of fields) {
    if (oneof === undefined) continue;
    const other = seen.get(oneof);
    if (other !== undefined) throw new ProtoJsonError(name, `excludes ${other}: both belong to oneof ${oneof}`);
    seen.set(oneof, name);
  }
}

function fieldWriter(field: protobuf.Field): FieldWriter {
  field.resolve();
  const { id, name } = field;
  const common = { id, name, oneof: field.partOf?.name };
  if (!(field instanceof protobuf.MapField)) return { ...common, write: fieldValueWriter(field) };
  const writeEntry = entryWriter(field);
  return { ...common, write: mapWriter(writeEntry), writeEntry };
}

function fieldValueWriter(field: protobuf.Field): FieldWriter["write"] {
  if (field.repeated) return listWriter(field.id, valueWriter(field));
  return singleWriter(field.id, valueWriter(field), field.partOf !== null);
}

function singleWriter(id: number, value: ValueWriter, hasPresence: boolean): FieldWriter["write"] {
  const tag = (id << 3) | value.wireType;
  return (writer, json) => {
    if (hasPresence || !value.isDefault(json)) value.write(writer.uint32(tag), json);
  };
}

/** Numbers of a list are packed, as proto3 does by default. */
function listWriter(id: number, value: ValueWriter): FieldWriter["write"] {
  const packed = value.wireType !== LENGTH_DELIMITED;
  const tag = (id << 3) | LENGTH_DELIMITED;
  return (writer, json) => {
    const list = asList(json);
    if (list.length === 0) return;
    if (packed) writer.uint32(tag).fork();
    list.forEach((one, index) => {
      try {
        value.write(packed ? writer : writer.uint32(tag), present(one));
      } catch (cause) {
        throw within(`[${index}]`, cause);
      }
    });
    if (packed) writer.ldelim();
  };
}

function entryWriter(field: protobuf.MapField): NonNullable<FieldWriter["writeEntry"]> {
  if (field.keyType !== "string") throw new Error(`${field.fullName}: only string keys are supported`);
  const value = valueWriter(field);
  const tag = (field.id << 3) | LENGTH_DELIMITED;
  const key = writerOfScalar("string");
  return (writer, name, json) => {
    key.write(
      writer
        .uint32(tag)
        .fork()
        .uint32((1 << 3) | LENGTH_DELIMITED),
      name,
    );
    try {
      value.write(writer.uint32((2 << 3) | value.wireType), json);
    } catch (cause) {
      throw within(`[${JSON.stringify(name)}]`, cause);
    }
    writer.ldelim();
  };
}

function mapWriter(writeEntry: NonNullable<FieldWriter["writeEntry"]>): FieldWriter["write"] {
  return (writer, json) => {
    const map = asObject(json);
    for (const name of Object.keys(map).sort()) writeEntry(writer, name, present(map[name]));
  };
}

function valueWriter(field: protobuf.FieldBase): ValueWriter {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Enum) return enumWriter(resolvedType);
  if (resolvedType instanceof protobuf.Type) return nestedWriter(resolvedType);
  return writerOfScalar(field.type);
}

function enumWriter(type: protobuf.Enum): ValueWriter {
  const numberOf = (value: Json): number => {
    const found = typeof value === "string" && Object.hasOwn(type.values, value) ? type.values[value] : undefined;
    if (found === undefined) throw mismatch(`a name of ${type.fullName.slice(1)}`, value);
    return found;
  };
  return {
    wireType: 0,
    write: (writer, value) => writer.int32(numberOf(value)),
    isDefault: (value) => numberOf(value) === 0,
  };
}

/** The bytes of bodies that are used again, as messages of which type. */
const encoded = new WeakMap<JsonObject, { readonly type: protobuf.Type; readonly bytes: Uint8Array }>();

function bytesOfReused(type: protobuf.Type, write: WriteMessage, body: JsonObject): Uint8Array {
  const known = encoded.get(body);
  if (known?.type === type) return known.bytes;
  const writer = new ProtoWriter();
  write(writer, body);
  const bytes = writer.finish();
  encoded.set(body, { type, bytes });
  return bytes;
}

function nestedWriter(type: protobuf.Type): ValueWriter {
  const write = messageWriter(type);
  return {
    wireType: LENGTH_DELIMITED,
    write: (writer, value) => {
      if (isReused(value)) {
        writer.bytes(bytesOfReused(type, write, value));
        return;
      }
      write(writer.fork(), value);
      writer.ldelim();
    },
    isDefault: () => false,
  };
}
