import type { JsonSchema, ValidationRule } from "../json-schema.ts";
import { resolve, type PlacedSchema } from "../registry.ts";

/** A schema as a CustomResourceDefinition holds it: no `$ref`, one type each, extensions of Kubernetes. */
export interface StructuralSchema {
  readonly type?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly description?: string;
  readonly default?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly StructuralSchema[];
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly required?: readonly string[];
  readonly items?: StructuralSchema;
  readonly additionalProperties?: StructuralSchema;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly "x-kubernetes-int-or-string"?: true;
  readonly "x-kubernetes-preserve-unknown-fields"?: true;
  readonly "x-kubernetes-list-type"?: "map" | "atomic" | "set";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-validations"?: readonly ValidationRule[];
}

/** Keeps whatever is written. */
const ANY_FIELDS: StructuralSchema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

/** Lists whose items have an identity, so that several writers can share them (as in Kubernetes' own types). */
const KEYED_LISTS: Readonly<Record<string, { keys: readonly string[]; defaults: Readonly<Record<string, string>> }>> = {
  ContainerPort: { keys: ["containerPort", "protocol"], defaults: { protocol: "TCP" } },
  TopologySpreadConstraint: { keys: ["topologyKey", "whenUnsatisfiable"], defaults: {} },
};

/** Below this many levels of itself a definition is written out without its documentation. */
const DOCUMENTED_LEVELS = 2;

/**
 * Writes out a schema in full. A definition that holds itself is written out `levels` times below its first place; what
 * is deeper is kept as it is written and not looked at.
 */
export function structuralSchemaOf(placed: PlacedSchema, levels: number): StructuralSchema {
  return convert(placed, new Map(), levels);
}

/** `above`: how often each definition stands above this place. */
function convert(placed: PlacedSchema, above: ReadonlyMap<JsonSchema, number>, levels: number): StructuralSchema {
  const { schema, document } = resolve(placed);
  const seen = above.get(schema) ?? 0;
  if (seen > levels) return ANY_FIELDS;
  const inside = schema === placed.schema ? above : new Map([...above, [schema, seen + 1]]);
  const inner = (one: JsonSchema): StructuralSchema => convert({ schema: one, document }, inside, levels);
  const said = Math.max(0, ...inside.values()) <= DOCUMENTED_LEVELS;
  const description = said ? (placed.schema.description ?? schema.description) : undefined;
  return { ...(description === undefined ? {} : { description }), ...contentOf(schema, inner) };
}

/** What a CustomResourceDefinition says in the same words. */
const COPIED = [
  "format",
  "pattern",
  "enum",
  "minProperties",
  "maxProperties",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "minimum",
  "maximum",
  "x-kubernetes-validations",
] as const;

function pickDefined<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]])) as Pick<
    T,
    K
  >;
}

type Convert = (schema: JsonSchema) => StructuralSchema;

function contentOf(schema: JsonSchema, inner: Convert): StructuralSchema {
  if (Array.isArray(schema.type)) return intOrString(schema);
  const { type, required } = schema;
  return {
    ...(typeof type === "string" ? { type } : {}),
    ...pickDefined(schema, COPIED),
    ...(schema.items === undefined ? {} : listOf(schema, schema.items, inner)),
    ...fieldsOf(schema, inner),
    ...(required === undefined || required.length === 0 ? {} : { required }),
  };
}

function intOrString({ pattern }: JsonSchema): StructuralSchema {
  return {
    anyOf: [{ type: "integer" }, { type: "string" }],
    ...(pattern === undefined ? {} : { pattern }),
    "x-kubernetes-int-or-string": true,
  };
}

function fieldsOf({ properties, additionalProperties }: JsonSchema, inner: Convert): StructuralSchema {
  return {
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, inner(one)])),
        }),
    ...(typeof additionalProperties === "object" ? { additionalProperties: inner(additionalProperties) } : {}),
    ...(additionalProperties === true ? { "x-kubernetes-preserve-unknown-fields": true } : {}),
  };
}

function listOf(list: JsonSchema, items: JsonSchema, inner: Convert): StructuralSchema {
  const name = items.$ref?.slice(items.$ref.lastIndexOf("/") + 1) ?? "";
  const keyed = Object.hasOwn(KEYED_LISTS, name) ? KEYED_LISTS[name] : undefined;
  const item = inner(items);
  if (keyed === undefined) {
    return { items: item, ...pickDefined(list, ["x-kubernetes-list-type", "x-kubernetes-list-map-keys"]) };
  }
  return {
    items: { ...item, properties: withDefaults(item.properties ?? {}, keyed.defaults) },
    "x-kubernetes-list-map-keys": keyed.keys,
    "x-kubernetes-list-type": "map",
  };
}

function withDefaults(
  properties: Readonly<Record<string, StructuralSchema>>,
  defaults: Readonly<Record<string, string>>,
): Readonly<Record<string, StructuralSchema>> {
  const changed = Object.entries(defaults).map(([name, value]) => [name, { ...properties[name], default: value }]);
  return { ...properties, ...(Object.fromEntries(changed) as Record<string, StructuralSchema>) };
}
