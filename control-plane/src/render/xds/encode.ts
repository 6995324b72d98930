import { createHash } from "node:crypto";
import protobuf from "protobufjs/light.js";
import protojson from "protobufjs/ext/protojson.js";
import { ProtoJsonError } from "./proto-json-error.ts";
import { messageWriter } from "./proto-json.ts";
import type { EncodedResource, JsonObject, XdsResource } from "./resource.ts";
import { messageOfTypeUrl } from "./schema.ts";

/** 64 bits tell the versions of one resource apart. */
const VERSION_HEX_DIGITS = 16;

/**
 * Encodes a resource, once for all who will read it. Equal bodies give equal bytes and versions.
 * Throws ProtoJsonError, with the resource and the path in it, for a body that does not fit its message.
 */
export function encodeResource({ typeUrl, name, body }: XdsResource): EncodedResource {
  try {
    const bytes = encodeBody(typeUrl, body);
    return { typeUrl, name, version: versionOf(bytes), bytes };
  } catch (cause) {
    if (!(cause instanceof ProtoJsonError)) throw cause;
    const kind = typeUrl.slice(typeUrl.lastIndexOf(".") + 1);
    throw new ProtoJsonError(`${kind} ${JSON.stringify(name)} at ${cause.path}`, cause.reason, { cause });
  }
}

/** The body of a resource as JSON again, for dumps and tests; defaults are left out. */
export function decodeResource({ typeUrl, bytes }: Pick<EncodedResource, "typeUrl" | "bytes">): JsonObject {
  const type = typeOf(typeUrl);
  return protojson.toJson(type, type.decode(bytes)) as JsonObject;
}

/** Hex of the hash of a resource's bytes. */
export function versionOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, VERSION_HEX_DIGITS);
}

function encodeBody(typeUrl: string, body: JsonObject): Uint8Array {
  const writer = protobuf.Writer.create();
  messageWriter(typeOf(typeUrl))(writer, body);
  return writer.finish();
}

function typeOf(typeUrl: string): protobuf.Type {
  const type = messageOfTypeUrl(typeUrl);
  if (type === undefined) throw new ProtoJsonError("", `no message is known for ${typeUrl}`);
  return type;
}
