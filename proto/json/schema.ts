/**
 * How a field's value is written in JSON. `text` is a string that may also be given as a number or a boolean; `refused`
 * has no form here, so that it is an error rather than lost.
 */
export type Kind = Scalar | "value" | "list" | "refused" | EnumKind | MessageKind;

export type Scalar =
  "int32" | "uint32" | "int64" | "uint64" | "float" | "double" | "bool" | "string" | "text" | "bytes";

/** An enumeration as protobufjs makes it: names to numbers and back. */
export interface EnumKind {
  readonly enum: Readonly<Record<string, string | number>>;
}

/** A message: its fields by the name they have in JSON. */
export interface MessageKind {
  /** What errors call it. */
  readonly name: string;
  readonly fields: ReadonlyMap<string, Field>;
  /** Other spellings of its fields, such as `tensor_shape` for `tensorShape`. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Fields of which a message holds one at most. */
  readonly oneof: ReadonlySet<string>;
}

export interface Field {
  readonly kind: Kind;
  readonly label: "one" | "many" | "map";
  /** The property's name in a decoded message. */
  readonly property: string;
  /** Written even where it has its default. */
  readonly always: boolean;
}

/** Field by field: `int32`, `many("double")`, `mapOf("value")`, `always(…)`, or another message. */
export type Fields = Readonly<Record<string, Kind | Field>>;

/** Describes a message. `renamed` holds properties whose name in JSON is another one. */
export function message(
  name: string,
  fields: Fields,
  oneof: readonly string[] = [],
  renamed: Readonly<Record<string, string>> = {},
): MessageKind {
  const aliases = new Map<string, string>();
  const entries = Object.entries(fields).map(([property, given]) => {
    const field: Field = isField(given) ? given : { kind: given, label: "one", property: "", always: false };
    const json = renamed[property] ?? property;
    const snake = property.replaceAll(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
    for (const alias of [property, snake]) if (alias !== json) aliases.set(alias, json);
    return [json, { ...field, property }] as const;
  });
  return { name, fields: new Map(entries), aliases, oneof: new Set(oneof) };
}

export function many(kind: Kind): Field {
  return { kind, label: "many", property: "", always: false };
}

/** A map with text as keys. */
export function mapOf(kind: Kind): Field {
  return { kind, label: "map", property: "", always: false };
}

export function always(kind: Kind): Field {
  return { kind, label: "one", property: "", always: true };
}

function isField(given: Kind | Field): given is Field {
  return typeof given === "object" && "label" in given;
}
