import type { Json, JsonObject } from "./resource.ts";

/** A body that does not fit its message: a defect of whoever rendered it. `path` leads to the place. */
export class ProtoJsonError extends Error {
  readonly path: string;
  readonly reason: string;

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(path === "" ? reason : `${path}: ${reason}`, options);
    this.name = "ProtoJsonError";
    this.path = path;
    this.reason = reason;
  }
}

/** Adds a step to the path of an error on its way up. */
export function within(step: string, cause: unknown): unknown {
  if (!(cause instanceof ProtoJsonError)) return cause;
  const joint = cause.path === "" || cause.path.startsWith("[") ? "" : ".";
  return new ProtoJsonError(`${step}${joint}${cause.path}`, cause.reason);
}

/** The error of a value of the wrong kind. */
export function mismatch(expected: string, value: Json): ProtoJsonError {
  const text = JSON.stringify(value);
  return new ProtoJsonError("", `must be ${expected}, not ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`);
}

/** The value as an object. */
export function asObject(value: Json): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw mismatch("an object", value);
  return value as JsonObject;
}

/** The value as a list. */
export function asList(value: Json): readonly Json[] {
  if (!Array.isArray(value)) throw mismatch("a list", value);
  return value as readonly Json[];
}

/** The value, which must be there: proto3 JSON would take null for an absent field, but then nobody should write it. */
export function present(value: Json | undefined): Json {
  if (value === null || value === undefined) throw new ProtoJsonError("", "has no value; leave the field out");
  return value;
}
