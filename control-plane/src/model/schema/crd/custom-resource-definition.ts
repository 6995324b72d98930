import { rootSchema, type ResourceSchema } from "../registry.ts";
import { structuralSchemaOf, type StructuralSchema } from "./structural-schema.ts";

/** What `kubectl get` shows of an object. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "date";
  readonly jsonPath: string;
  readonly description?: string;
  /** Above 0: with `-o wide` only. */
  readonly priority?: number;
}

/** What makes a CustomResourceDefinition of a schema. */
export interface CustomResource {
  readonly schema: ResourceSchema;
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly description: string;
  /** All with the same schema; the first is the one stored. */
  readonly versions: readonly string[];
  readonly status: StructuralSchema;
  /** Levels of a definition that holds itself. */
  readonly levels: number;
  /** True: `kubectl scale` sets `.spec.replicas`. */
  readonly scales: boolean;
  readonly columns: readonly PrinterColumn[];
}

/** A CustomResourceDefinition of `apiextensions.k8s.io/v1`. */
export interface CustomResourceDefinition {
  readonly apiVersion: "apiextensions.k8s.io/v1";
  readonly kind: "CustomResourceDefinition";
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** The CustomResourceDefinition; namespaced, with a status of its own. */
export function crdOf(resource: CustomResource): CustomResourceDefinition {
  const { group, kind, plural, shortNames, versions, labels } = resource;
  const singular = kind.toLowerCase();
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}`, ...(labels === undefined ? {} : { labels }) },
    spec: {
      group,
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames },
      scope: "Namespaced",
      versions: versions.map((name, index) => versionOf(resource, name, index === 0)),
    },
  };
}

function versionOf(resource: CustomResource, name: string, storage: boolean): Readonly<Record<string, unknown>> {
  const scale = { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" };
  return {
    name,
    served: true,
    storage,
    schema: { openAPIV3Schema: rootOf(resource) },
    subresources: { status: {}, ...(resource.scales ? { scale } : {}) },
    additionalPrinterColumns: resource.columns,
  };
}

/** The API server judges names, labels and annotations of the object itself: its metadata has no schema here. */
function rootOf({ schema, levels, status, description }: CustomResource): StructuralSchema {
  const { properties = {} } = structuralSchemaOf(rootSchema(schema), levels);
  const spec: StructuralSchema = { description: "What is wanted.", ...properties["spec"] };
  return {
    description,
    type: "object",
    properties: { ...properties, spec, metadata: { type: "object" }, status },
  };
}
