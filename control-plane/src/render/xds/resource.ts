/** A value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** One xDS resource in Envoy's own YAML shape (proto3 JSON, proto field names, `@type` in every Any), before encoding. */
export interface XdsResource {
  /** `type.googleapis.com/…` of the body. */
  readonly typeUrl: string;
  /** Unique within its type. */
  readonly name: string;
  readonly body: JsonObject;
}

/** The same resource as it travels: encoded once, versioned by content, shared by every stream. */
export interface EncodedResource {
  readonly typeUrl: string;
  readonly name: string;
  /** Hex of a hash of what the bytes say. */
  readonly version: string;
  readonly bytes: Uint8Array;
}
