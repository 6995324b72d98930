/**
 * Writes schema/kubernetes-pod.schema.json from Kubernetes' published OpenAPI (`api/openapi-spec/swagger.json` of the
 * Go module `k8s.io/kubernetes`). Usage: node kubernetes-schema.ts <swagger.json> <version>
 */
import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";

interface OpenApiSchema {
  readonly type?: string;
  readonly format?: string;
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, OpenApiSchema>>;
  readonly required?: readonly string[];
  readonly items?: OpenApiSchema;
  readonly additionalProperties?: OpenApiSchema;
}

interface Swagger {
  readonly definitions: Readonly<Record<string, OpenApiSchema>>;
}

const ROOTS = ["io.k8s.api.core.v1.PodSpec", "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"];

const QUANTITY_NUMBER = String.raw`(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))`;

/** Types that OpenAPI calls a string although the API takes more, as custom resources spell them. */
const SPECIAL: Readonly<Record<string, object>> = {
  IntOrString: { type: ["integer", "string"] },
  Quantity: {
    type: ["integer", "string"],
    pattern: `^(\\+|-)?${QUANTITY_NUMBER}(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?${QUANTITY_NUMBER}))?$`,
  },
  FieldsV1: { type: "object", additionalProperties: true },
};

function shortName(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function collect(swagger: Swagger): Readonly<Record<string, object>> {
  const found = new Map<string, object>();
  const waiting = [...ROOTS];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const short = shortName(name);
    if (found.has(short)) continue;
    const definition = swagger.definitions[name];
    if (definition === undefined) throw new Error(`${name} is not in this OpenAPI file`);
    found.set(short, SPECIAL[short] ?? compact(definition, (reference) => waiting.push(reference)));
  }
  return Object.fromEntries([...found].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** A schema without its documentation. */
function compact(schema: OpenApiSchema, refer: (name: string) => void): object {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace("#/definitions/", "");
    refer(name);
    return { $ref: `#/definitions/${shortName(name)}` };
  }
  const { type, format, properties, required, items, additionalProperties } = schema;
  return {
    type,
    ...(format === "int32" || format === "int64" ? { format } : {}),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, property]) => [name, compact(property, refer)]),
          ),
        }),
    ...(required === undefined ? {} : { required }),
    ...(items === undefined ? {} : { items: compact(items, refer) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: compact(additionalProperties, refer) }),
  };
}

const [path, version] = argv.slice(2);
if (path === undefined || version === undefined)
  throw new Error("usage: node kubernetes-schema.ts <swagger.json> <version>");
const swagger = JSON.parse(readFileSync(path, "utf8")) as Swagger;
const definitions = collect(swagger);
const lines = Object.entries(definitions).map(
  ([name, schema]) => `    ${JSON.stringify(name)}: ${JSON.stringify(schema)}`,
);
const text = `{
  "$id": "kubernetes",
  "title": "Pod fields of Kubernetes ${version}",
  "definitions": {
${lines.join(",\n")}
  }
}
`;
writeFileSync(new URL("../schema/kubernetes-pod.schema.json", import.meta.url), text);
