import kubernetesPodSchema from "./kubernetes-pod.schema.json" with { type: "json" };
import type { JsonSchema } from "./json-schema.ts";
import { ROUTE_POLICY_SCHEMA } from "./route-policy-schema.ts";
import { SELDON_DEPLOYMENT_SCHEMA } from "./seldon-deployment-schema.ts";

interface SchemaDocument extends JsonSchema {
  readonly $id: string;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
}

/** Every schema document by its `$id`. */
export const SCHEMAS: Readonly<Record<"kubernetes" | "seldon-deployment" | "route-policy", SchemaDocument>> = {
  kubernetes: kubernetesPodSchema as SchemaDocument,
  "seldon-deployment": SELDON_DEPLOYMENT_SCHEMA,
  "route-policy": ROUTE_POLICY_SCHEMA,
};

/** The kinds of objects that are read here. */
export type ResourceSchema = "seldon-deployment" | "route-policy";

/** A schema together with the document its `#` refers to. */
export interface PlacedSchema {
  readonly schema: JsonSchema;
  readonly document: SchemaDocument;
}

export function rootSchema(id: ResourceSchema): PlacedSchema {
  return { schema: SCHEMAS[id], document: SCHEMAS[id] };
}

/** Follows `$ref` until a schema with content. */
export function resolve(placed: PlacedSchema): PlacedSchema {
  let current = placed;
  while (current.schema.$ref !== undefined) current = follow(current.schema, current.schema.$ref, current.document);
  return current;
}

/** Each reference is looked up once. */
const followed = new WeakMap<JsonSchema, PlacedSchema>();

function follow(schema: JsonSchema, reference: string, from: SchemaDocument): PlacedSchema {
  const known = followed.get(schema);
  if (known !== undefined) return known;
  const [id = "", pointer = ""] = reference.split("#");
  const document = id === "" ? from : Object.values(SCHEMAS).find((one) => one.$id === id);
  const target = document?.definitions?.[pointer.replace("/definitions/", "")];
  if (document === undefined || target === undefined) throw new Error(`no schema ${reference}`);
  const found = { schema: target, document };
  followed.set(schema, found);
  return found;
}
