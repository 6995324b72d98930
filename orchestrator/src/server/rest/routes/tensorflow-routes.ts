import { askedModel, GET, NO_MODEL, POST, type Route } from "./route.ts";

/** `:predict` without a model is Seldon's: the whole graph, each node by its own name. */
const EXACT: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["/v1/models/:predict", { kind: "predictions", methods: POST, ...NO_MODEL }],
  ["/v1/models:predict", { kind: "predictions", methods: POST, ...NO_MODEL }],
  ["/api/v1.0/feedback", { kind: "feedback", methods: POST, ...NO_MODEL }],
]);

/** The paths of protocol tensorflow. Other verbs than `:predict` are models' names to a GET, and no method else. */
export function tensorflowRoute(path: string): Route | undefined {
  // Some clients encode the colon too.
  const plain = path.replaceAll(/%3a/gi, ":");
  const exact = EXACT.get(plain);
  if (exact !== undefined) return exact;
  const [, name = "", rest] = /^\/v1\/models\/([^/]+?)(:predict|\/:predict|\/metadata|)$/.exec(plain) ?? [];
  const model = askedModel(name);
  if (model === undefined) return undefined;
  if (rest === ":predict" || rest === "/:predict") return { kind: "predictions", methods: POST, ...model };
  return { kind: rest === "/metadata" ? "metadata" : "status", methods: GET, ...model };
}
