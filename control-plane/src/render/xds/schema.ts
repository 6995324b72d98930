import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs/light.js";

const TYPE_URL_PREFIX = "type.googleapis.com/";

let loaded: protobuf.Root | undefined;

/** The messages of every xDS resource, field names as in the .proto files. Loaded at the first call. */
export function xdsSchema(): protobuf.Root {
  loaded ??= load(fileURLToPath(import.meta.resolve("#proto/gen/xds.json")));
  return loaded;
}

const messages = new Map<string, protobuf.Type>();

/** The message a type URL stands for; undefined when it is none of ours. */
export function messageOfTypeUrl(typeUrl: string): protobuf.Type | undefined {
  const known = messages.get(typeUrl);
  if (known !== undefined || !typeUrl.startsWith(TYPE_URL_PREFIX)) return known;
  const found = xdsSchema().lookup(typeUrl.slice(TYPE_URL_PREFIX.length), [protobuf.Type]);
  if (!(found instanceof protobuf.Type)) return undefined;
  messages.set(typeUrl, found);
  return found;
}

function load(path: string): protobuf.Root {
  const root = protobuf.Root.fromJSON(JSON.parse(readFileSync(path, "utf8")) as protobuf.INamespace);
  forEachType(root, useProtoNames);
  root.resolveAll();
  return root;
}

/** JSON of this project writes fields as the .proto files do, which Envoy reads as well as camel case. */
function useProtoNames(type: protobuf.Type): void {
  for (const field of type.fieldsArray) (field as { jsonName?: string }).jsonName = field.name;
}

function forEachType(namespace: protobuf.NamespaceBase, visit: (type: protobuf.Type) => void): void {
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Type) visit(nested);
    if (nested instanceof protobuf.Namespace) forEachType(nested, visit);
  }
}
