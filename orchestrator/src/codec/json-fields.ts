import { CallError } from "../execute/call-error.ts";

/** A JSON object. */
export type JsonFields = Readonly<Record<string, unknown>>;

/** `{ [name]: write(value) }`, or nothing when the value is absent or null. */
export function optional<K extends string, T, U>(
  name: K,
  value: T | null | undefined,
  write: (value: T) => U,
): { readonly [key in K]?: U } {
  return (value === null || value === undefined ? {} : { [name]: write(value) }) as { readonly [key in K]?: U };
}

/** Reads a JSON object; with `known`, any other field is an error, for it would be lost. */
export function readObject(json: unknown, where: string, known?: readonly string[]): JsonFields {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new CallError("bad-request", `${where} must be a JSON object`);
  }
  const fields = json as JsonFields;
  if (known !== undefined) {
    for (const name of Object.keys(fields)) {
      if (known.includes(name)) continue;
      throw new CallError("bad-request", `${where} has a field "${name}" that a SeldonMessage can't carry over gRPC`);
    }
  }
  return fields;
}
