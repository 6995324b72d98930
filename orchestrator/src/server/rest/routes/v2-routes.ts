import { askedModel, GET, NO_MODEL, POST, type Route } from "./route.ts";

/** `infer` without a model is Seldon's: the whole graph, each node by its own name. */
const EXACT: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["/v2", { kind: "server-metadata", methods: GET }],
  ["/v2/health/ready", { kind: "health", methods: GET }],
  ["/v2/health/live", { kind: "liveness", methods: GET }],
  ["/v2/models/infer", { kind: "predictions", methods: POST, ...NO_MODEL }],
  ["/v2/docs/", { kind: "document", name: "index.html" }],
  ["/v2/docs/index.html", { kind: "document", name: "index.html" }],
  ["/v2/docs/dataplane.yaml", { kind: "document", name: "dataplane.yaml" }],
]);

const MODEL = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(\/infer|\/ready|)$/;

/** The paths of protocol v2. */
export function v2Route(path: string): Route | undefined {
  const exact = EXACT.get(path);
  if (exact !== undefined) return exact;
  const [, name = "", version = "", rest] = MODEL.exec(path) ?? [];
  const model = askedModel(name, version);
  if (model === undefined) return undefined;
  if (rest === "/infer") return { kind: "predictions", methods: POST, ...model };
  return { kind: rest === "/ready" ? "status" : "metadata", methods: GET, ...model };
}
