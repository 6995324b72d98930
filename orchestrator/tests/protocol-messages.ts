import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import protobuf from "protobufjs";
import type { Json, JsonObject } from "#proto/json/json.ts";
import {
  feedbackFromJson,
  feedbackToJson,
  messageFromJson,
  messageListToJson,
  messageToJson,
} from "#proto/json/seldon-message.ts";
import { seldon } from "#proto/gen/seldon.js";

/** Both ends of a gRPC method in JSON, read from the schemas and not from the code that is under test. */
export interface MethodMessages {
  readonly encodeRequest: (json: Json) => Buffer;
  readonly decodeRequest: (bytes: Buffer) => Json;
  readonly encodeReply: (json: Json) => Buffer;
  readonly decodeReply: (bytes: Buffer) => Json;
}

const schema = join(import.meta.dirname, "..", "..", "proto", "schema");

/** Every service in proto/schema but Envoy's. */
function loadSchemas(): protobuf.Root {
  const root = new protobuf.Root();
  // The wrappers that tensorflow.serving imports; protobufjs brings its own.
  root.resolvePath = (_origin, target) => target;
  for (const entry of readdirSync(schema, { recursive: true, encoding: "utf8" }).sort()) {
    const name = relative(schema, join(schema, entry)).replaceAll("\\", "/");
    if (!name.endsWith(".proto") || /^(envoy|xds|google)\//.test(name)) continue;
    protobuf.parse(readFileSync(join(schema, entry), "utf8"), root, { keepCase: true });
  }
  for (const common of ["any", "empty", "struct", "wrappers"] as const) {
    const known = protobuf.common.get(`google/protobuf/${common}.proto`);
    if (known?.nested !== undefined) root.addJSON(known.nested);
  }
  root.resolveAll();
  return root;
}

const root = loadSchemas();

/** `/package.Service/Method` of every unary method of a service. */
export function methodsOf(service: string): readonly { readonly name: string; readonly path: string }[] {
  return root
    .lookupService(service)
    .methodsArray.filter((method) => method.requestStream !== true && method.responseStream !== true)
    .map((method) => ({ name: method.name, path: `/${service}/${method.name}` }));
}

/** True when the schema has the service. */
export function hasService(service: string): boolean {
  try {
    return root.lookupService(service).methodsArray.length > 0;
  } catch {
    return false;
  }
}

/** The messages of `/package.Service/Method`; undefined for a path that no schema has. */
export function messagesOf(path: string): MethodMessages | undefined {
  const [, service = "", name = ""] = path.split("/");
  if (!hasService(service)) return undefined;
  const method = root.lookupService(service).methods[name];
  if (method === undefined) return undefined;
  const request = codecOf(root.lookupType(qualified(service, method.requestType)));
  const reply = codecOf(root.lookupType(qualified(service, method.responseType)));
  return {
    encodeRequest: request.encode,
    decodeRequest: request.decode,
    encodeReply: reply.encode,
    decodeReply: reply.decode,
  };
}

function qualified(service: string, type: string): string {
  return type.includes(".") ? type : `${service.slice(0, service.lastIndexOf("."))}.${type}`;
}

interface Codec {
  readonly encode: (json: Json) => Buffer;
  readonly decode: (bytes: Buffer) => Json;
}

const { protos } = seldon;

/** Messages with free JSON inside have a JSON form of their own. */
const SPECIAL: Readonly<Record<string, Codec>> = {
  ".seldon.protos.SeldonMessage": {
    encode: (json) => Buffer.from(protos.SeldonMessage.encode(messageFromJson(json)).finish()),
    decode: (bytes) => messageToJson(protos.SeldonMessage.decode(bytes)),
  },
  ".seldon.protos.Feedback": {
    encode: (json) => Buffer.from(protos.Feedback.encode(feedbackFromJson(json)).finish()),
    decode: (bytes) => feedbackToJson(protos.Feedback.decode(bytes)),
  },
  ".seldon.protos.SeldonMessageList": {
    encode: () => {
      throw new Error("no test sends a SeldonMessageList");
    },
    decode: (bytes) => messageListToJson(protos.SeldonMessageList.decode(bytes)),
  },
};

function codecOf(type: protobuf.Type): Codec {
  const special = SPECIAL[type.fullName];
  if (special !== undefined) return special;
  return {
    encode: (json) => Buffer.from(type.encode(type.fromObject(json as JsonObject)).finish()),
    decode: (bytes) => plain(type.toObject(type.decode(bytes), { enums: String, bytes: String, longs: String })),
  };
}

/** 64-bit integers stand as text where a number can't hold them. */
function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
