/** The part of JSON Schema that describes our resources; also valid as a Kubernetes structural schema once `$ref` is unrolled. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean" | readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  /** Holds a secret, or what may be one by mistake: no problem shows its value. */
  readonly writeOnly?: true;
  /** What Kubernetes checks beyond the schema; here the same is checked by code. */
  readonly "x-kubernetes-validations"?: readonly ValidationRule[];
  readonly "x-kubernetes-list-type"?: "map" | "atomic" | "set";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
}

/** A rule in the Common Expression Language, and what is said when it does not hold. */
export interface ValidationRule {
  readonly rule: string;
  readonly message: string;
}

declare const DESCRIBES: unique symbol;

/** A schema that describes values of type T. The compiler holds both to each other: names, types and what is required. */
export interface SchemaFor<T> extends JsonSchema {
  readonly [DESCRIBES]?: T;
}

type RequiredKeys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? never : K }[keyof T];

export type PropertySchemas<T> = { readonly [K in keyof T]-?: SchemaFor<Exclude<T[K], undefined>> };

/** Every field of T, and every field that T requires. */
export function object<T>(
  properties: PropertySchemas<T>,
  required: { readonly [K in RequiredKeys<T>]: true },
): SchemaFor<T> {
  return { type: "object", properties, required: Object.keys(required) };
}

/** Documentation of fields, by name. */
export type FieldTexts<T> = { readonly [K in keyof T]?: string };

/** The same schema, whose fields say what they mean. */
export function described<T>(schema: SchemaFor<T>, texts: FieldTexts<T>): SchemaFor<T> {
  const byName: Readonly<Record<string, string | undefined>> = { ...texts };
  const properties = Object.entries(schema.properties ?? {}).map(([name, field]): [string, JsonSchema] => {
    const description = byName[name];
    return [name, description === undefined ? field : { ...field, description }];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

export function list<T>(items: SchemaFor<T>): SchemaFor<readonly T[]> {
  return { type: "array", items };
}

export function mapOf<T>(values: SchemaFor<T>): SchemaFor<Readonly<Record<string, T>>> {
  return { type: "object", additionalProperties: values };
}

/** A definition of this name: `#/definitions/X` here, `kubernetes#/definitions/X` in Kubernetes' own schema. */
export function reference<T>(name: string): SchemaFor<T> {
  return { $ref: name };
}

export const text: SchemaFor<string> = { type: "string" };
export const flag: SchemaFor<boolean> = { type: "boolean" };
export const int32: SchemaFor<number> = { type: "integer", format: "int32" };
/** Any map; what is in it is not ours to judge. */
export const anyMap: SchemaFor<Readonly<Record<string, unknown>>> = { type: "object", additionalProperties: true };
