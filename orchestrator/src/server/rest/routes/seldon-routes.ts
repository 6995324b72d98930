import { askedModel, GET, NO_MODEL, POST, type Route } from "./route.ts";

const EXACT: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["/api/v0.1/predictions", { kind: "predictions", methods: POST, ...NO_MODEL }],
  ["/api/v1.0/predictions", { kind: "predictions", methods: POST, ...NO_MODEL }],
  ["/api/v0.1/feedback", { kind: "feedback", methods: POST, ...NO_MODEL }],
  ["/api/v1.0/feedback", { kind: "feedback", methods: POST, ...NO_MODEL }],
  ["/api/v1.0/status", { kind: "health", methods: GET }],
  ["/api/v1.0/health/status", { kind: "health", methods: GET }],
  ["/api/v1.0/metadata", { kind: "graph-metadata", methods: GET }],
]);

/** The paths of protocol seldon. */
export function seldonRoute(path: string): Route | undefined {
  const exact = EXACT.get(path);
  if (exact !== undefined) return exact;
  const [, kind, name = ""] = /^\/api\/v(?:0\.1|1\.0)\/(status|metadata)\/([^/]+)$/.exec(path) ?? [];
  if (kind === "status" || kind === "metadata") {
    const model = askedModel(name);
    return model === undefined ? undefined : { kind, methods: GET, ...model };
  }
  return documentOf(path);
}

function documentOf(path: string): Route | undefined {
  const [, name] = /^\/api\/v(?:0\.1|1\.0)\/doc\/(index\.html|seldon\.json|)$/.exec(path) ?? [];
  if (name === undefined) return undefined;
  return { kind: "document", name: name === "seldon.json" ? name : "index.html" };
}
