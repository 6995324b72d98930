import { createHash } from "node:crypto";
import type protobuf from "protobufjs/light.js";
import protojson from "protobufjs/ext/protojson.js";
import { createOutline } from "./outline.ts";
import { LazyResource } from "./lazy-resource.ts";
import { ProtoJsonError } from "./proto-json-error.ts";
import { messageWriter } from "./proto-json.ts";
import { ProtoWriter } from "./proto-writer.ts";
import type { WriteMessage } from "./proto-well-known.ts";
import type { EncodedResource, JsonObject, XdsResource } from "./resource.ts";
import { messageOfTypeUrl } from "./schema.ts";

/** 64 bits tell the versions of one resource apart. */
const VERSION_HEX_DIGITS = 16;

/**
 * Encodes a resource, once for all who will read it. Equal bodies give equal bytes and versions. Buckets of big maps are hashed
 * and encoded only when they are new, and put together when somebody reads the bytes. Throws ProtoJsonError, with the resource
 * and the path in it, for a body that does not fit its message.
 */
export function encodeResource(resource: XdsResource): EncodedResource {
  if (!(resource instanceof LazyResource)) return encode(resource);
  return (resource.encoded ??= encode(resource));
}

function encode({ typeUrl, name, body }: XdsResource): EncodedResource {
  try {
    const write = messageWriter(typeOf(typeUrl));
    const outline = createOutline();
    write(outline, body);
    const bytes = outline.finish();
    const version = versionOf(bytes);
    return outline.hasBuckets
      ? joinedResource({ typeUrl, name, version }, () => encodeBody(write, body))
      : { typeUrl, name, version, bytes };
  } catch (cause) {
    if (!(cause instanceof ProtoJsonError)) throw cause;
    const kind = typeUrl.slice(typeUrl.lastIndexOf(".") + 1);
    throw new ProtoJsonError(`${kind} ${JSON.stringify(name)} at ${cause.path}`, cause.reason, { cause });
  }
}

/** A resource whose bytes are put together at the first reading. */
function joinedResource(known: Omit<EncodedResource, "bytes">, join: () => Uint8Array): EncodedResource {
  let bytes: Uint8Array | undefined;
  return {
    ...known,
    get bytes() {
      return (bytes ??= join());
    },
  };
}

/** The body of a resource as JSON again, for dumps and tests; defaults are left out. */
export function decodeResource({ typeUrl, bytes }: Pick<EncodedResource, "typeUrl" | "bytes">): JsonObject {
  const type = typeOf(typeUrl);
  return protojson.toJson(type, type.decode(bytes)) as JsonObject;
}

/** Hex of the hash of bytes: of a resource, or of its outline. */
export function versionOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, VERSION_HEX_DIGITS);
}

function encodeBody(write: WriteMessage, body: JsonObject): Uint8Array {
  const writer = new ProtoWriter();
  write(writer, body);
  return writer.finish();
}

function typeOf(typeUrl: string): protobuf.Type {
  const type = messageOfTypeUrl(typeUrl);
  if (type === undefined) throw new ProtoJsonError("", `no message is known for ${typeUrl}`);
  return type;
}
