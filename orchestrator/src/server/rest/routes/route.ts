/** What a path of the REST port asks for. */
export type Route =
  | { readonly kind: "ready" | "live" | "metrics" }
  | ({ readonly kind: "predictions" | "feedback"; readonly methods: "OPTIONS,POST" } & AskedModel)
  | { readonly kind: "health" | "liveness" | "server-metadata"; readonly methods: "GET,OPTIONS" }
  | { readonly kind: "graph-metadata"; readonly methods: "GET,OPTIONS" }
  | ({ readonly kind: "status" | "metadata"; readonly methods: "GET,OPTIONS" } & AskedModel)
  | { readonly kind: "document"; readonly name: DocumentName };

/** The model that a path names; empty where it names none. */
export interface AskedModel {
  readonly modelName: string;
  readonly modelVersion: string;
}

/** The API's description: a page, and what it shows. */
export type DocumentName = "index.html" | "seldon.json" | "dataplane.yaml";

export const POST = "OPTIONS,POST";
export const GET = "GET,OPTIONS";
export const NO_MODEL: AskedModel = { modelName: "", modelVersion: "" };

/** The model of two path segments as they stand in a URL; undefined where they can't be a name and a version. */
export function askedModel(name: string, version = ""): AskedModel | undefined {
  const modelName = decoded(name);
  const modelVersion = decoded(version);
  if (modelName === undefined || modelName === "" || modelVersion === undefined) return undefined;
  return { modelName, modelVersion };
}

/** A path segment's text. Dots alone would lead nodes elsewhere. */
function decoded(segment: string): string | undefined {
  try {
    const text = decodeURIComponent(segment);
    return text === "." || text === ".." ? undefined : text;
  } catch {
    return undefined;
  }
}
