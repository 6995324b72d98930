/** What a path of the REST port asks for. */
export type Route =
  | { readonly kind: "ready" }
  | { readonly kind: "live" }
  | { readonly kind: "metrics" }
  | { readonly kind: "predictions" | "feedback"; readonly methods: "OPTIONS,POST" }
  | { readonly kind: "health"; readonly methods: "GET,OPTIONS" }
  | { readonly kind: "graph-metadata"; readonly methods: "GET,OPTIONS" }
  | { readonly kind: "status" | "metadata"; readonly methods: "GET,OPTIONS"; readonly model: string };

const POST = "OPTIONS,POST";
const GET = "GET,OPTIONS";

/** The paths of protocol seldon, as Seldon's executor serves them: exact, without trailing slashes. */
const EXACT: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["/ready", { kind: "ready" }],
  ["/live", { kind: "live" }],
  ["/api/v0.1/predictions", { kind: "predictions", methods: POST }],
  ["/api/v1.0/predictions", { kind: "predictions", methods: POST }],
  ["/api/v0.1/feedback", { kind: "feedback", methods: POST }],
  ["/api/v1.0/feedback", { kind: "feedback", methods: POST }],
  ["/api/v1.0/status", { kind: "health", methods: GET }],
  ["/api/v1.0/health/status", { kind: "health", methods: GET }],
  ["/api/v1.0/metadata", { kind: "graph-metadata", methods: GET }],
]);

const METRICS: Route = { kind: "metrics" };

/** The route of a path (without query), or none. */
export function routeOf(path: string, metricsPath: string): Route | undefined {
  const exact = EXACT.get(path);
  if (exact !== undefined) return exact;
  if (path === metricsPath) return METRICS;
  const [, kind, encoded] = /^\/api\/v(?:0\.1|1\.0)\/(status|metadata)\/([^/]+)$/.exec(path) ?? [];
  if ((kind !== "status" && kind !== "metadata") || encoded === undefined) return undefined;
  const model = decoded(encoded);
  return model === undefined ? undefined : { kind, methods: GET, model };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
