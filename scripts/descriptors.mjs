// Descriptors of the gRPC services, for server reflection: one FileDescriptorProto per .proto file, with the files it
// imports and the symbols it defines.
import { Buffer } from "node:buffer";
import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor.js";

/** Well-known types that protobufjs brings: the file that defines each. */
const WELL_KNOWN = {
  Any: "any",
  Empty: "empty",
  Struct: "struct",
  Value: "struct",
  ListValue: "struct",
  NullValue: "struct",
  Timestamp: "timestamp",
  Duration: "duration",
};

/** `files` are paths below `schema`. Returns [{ name, imports, symbols, descriptor (base64) }]. */
export function describeFiles(schema, files) {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => (protobuf.common.get(target) === null ? pathBelow(schema, target) : target);
  root.loadSync(files, { keepCase: true });
  root.resolveAll();
  const byFile = new Map();
  collect(root, schema, byFile);
  return [...byFile].map(([name, parts]) => describe(name, parts, schema));
}

function pathBelow(schema, target) {
  return target.startsWith(schema) ? target : `${schema}/${target}`;
}

function collect(namespace, schema, byFile) {
  for (const one of namespace.nestedArray) {
    if (one instanceof protobuf.Type || one instanceof protobuf.Enum || one instanceof protobuf.Service) {
      const file = fileOf(one, schema);
      byFile.set(file, [...(byFile.get(file) ?? []), one]);
    } else if (one instanceof protobuf.Namespace) {
      collect(one, schema, byFile);
    }
  }
}

/** The file that an object, or the message around it, stands in. */
function fileOf(object, schema) {
  let top = object;
  while (top.parent instanceof protobuf.Type) top = top.parent;
  if (top.filename) return top.filename.slice(schema.length + 1);
  return `google/protobuf/${WELL_KNOWN[top.name] ?? "wrappers"}.proto`;
}

function describe(name, parts, schema) {
  const imports = new Set();
  const symbols = [];
  for (const part of parts) visit(part, schema, imports, symbols);
  imports.delete(name);
  const pick = (kind) => parts.filter((one) => one instanceof kind).map(qualified);
  const file = descriptor.FileDescriptorProto.create({
    name,
    package: parts[0].parent.fullName.slice(1),
    dependency: [...imports],
    messageType: pick(protobuf.Type),
    enumType: pick(protobuf.Enum),
    service: pick(protobuf.Service),
    syntax: "proto3",
  });
  const bytes = descriptor.FileDescriptorProto.encode(file).finish();
  return { name, imports: [...imports], symbols, descriptor: Buffer.from(bytes).toString("base64") };
}

/** A part's descriptor with full names of types and protoc's names of map entries, as strict readers want them. */
function qualified(part) {
  const made = part.toDescriptor("proto3");
  if (part instanceof protobuf.Type) qualifyMessage(part, made);
  if (part instanceof protobuf.Service) {
    for (const method of made.method) {
      method.inputType = part.methods[method.name].resolvedRequestType.fullName;
      method.outputType = part.methods[method.name].resolvedResponseType.fullName;
    }
  }
  return made;
}

function qualifyMessage(type, made) {
  for (const field of made.field) {
    const source = type.fieldsById[field.number];
    if (source instanceof protobuf.MapField) qualifyMap(type, made, field, source);
    else if (source.resolvedType) field.typeName = source.resolvedType.fullName;
  }
  for (const nested of made.nestedType) {
    if (type.nested?.[nested.name] instanceof protobuf.Type) qualifyMessage(type.nested[nested.name], nested);
  }
}

function qualifyMap(type, made, field, source) {
  const entry = made.nestedType.find((one) => one.options?.mapEntry && one.name === field.typeName);
  const words = source.name.split("_").map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  entry.name = `${words.join("")}Entry`;
  field.typeName = `${type.fullName}.${entry.name}`;
  if (source.resolvedType) entry.field[1].typeName = source.resolvedType.fullName;
}

function visit(part, schema, imports, symbols) {
  symbols.push(part.fullName.slice(1));
  const uses = (type) => type && imports.add(fileOf(type, schema));
  if (part instanceof protobuf.Service) {
    for (const method of part.methodsArray) {
      symbols.push(method.fullName.slice(1));
      uses(method.resolvedRequestType);
      uses(method.resolvedResponseType);
    }
  } else if (part instanceof protobuf.Type) {
    for (const field of part.fieldsArray) uses(field.resolvedType);
    for (const nested of part.nestedArray) visit(nested, schema, imports, symbols);
  }
}
