import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Protocol } from "../../graph/graph.ts";
import { routeOf, type Route } from "./routes.ts";

const kindOf = (route: Route | undefined): string | undefined =>
  route !== undefined && "modelName" in route && route.modelName !== ""
    ? `${route.kind} ${route.modelName}${route.modelVersion === "" ? "" : ` ${route.modelVersion}`}`
    : route?.kind;

const PATHS: Readonly<Record<Protocol, Readonly<Record<string, string | undefined>>>> = {
  seldon: {
    "/ready": "ready",
    "/live": "live",
    "/m": "metrics",
    "/api/v0.1/predictions": "predictions",
    "/api/v1.0/predictions": "predictions",
    "/api/v0.1/feedback": "feedback",
    "/api/v1.0/status": "health",
    "/api/v0.1/status": undefined,
    "/api/v1.0/health/status": "health",
    "/api/v1.0/metadata": "graph-metadata",
    "/api/v0.1/metadata": undefined,
    "/api/v0.1/status/a%20b": "status a b",
    "/api/v1.0/metadata/a": "metadata a",
    "/api/v1.0/doc/": "document",
    "/api/v0.1/doc/index.html": "document",
    "/api/v1.0/doc/seldon.json": "document",
    "/api/v1.0/doc/../x": undefined,
    "/api/v1.0/doc": undefined,
    "/api/v1.0/predictions/": undefined,
    "/v2/models/infer": undefined,
    "/v1/models/a": undefined,
  },
  tensorflow: {
    "/ready": "ready",
    "/v1/models/:predict": "predictions",
    "/v1/models:predict": "predictions",
    "/v1/models/a:predict": "predictions a",
    "/v1/models/a/:predict": "predictions a",
    "/v1/models/a%3Apredict": "predictions a",
    "/v1/models/a/%3apredict": "predictions a",
    "/v1/models%3Apredict": "predictions",
    "/v1/models/a%253Apredict": "status a%3Apredict",
    "/v1/models/a": "status a",
    "/v1/models/a:classify": "status a:classify",
    "/v1/models/a/metadata": "metadata a",
    "/v1/models/a/versions/1:predict": undefined,
    "/v1/models/": undefined,
    "/api/v1.0/feedback": "feedback",
    "/api/v0.1/feedback": undefined,
  },
  v2: {
    "/live": "live",
    "/v2": "server-metadata",
    "/v2/": undefined,
    "/v2/health/ready": "health",
    "/v2/health/live": "liveness",
    "/v2/models/infer": "predictions",
    "/v2/models/a/infer": "predictions a",
    "/v2/models/a/versions/1/infer": "predictions a 1",
    "/v2/models/a/versions/1": "metadata a 1",
    "/v2/models/a/versions/1/ready": "status a 1",
    "/v2/models/a%2Fb": "metadata a/b",
    "/v2/models/a/ready": "status a",
    "/v2/models/..": undefined,
    "/v2/models/%2e%2e/infer": undefined,
    "/v2/models/a/versions/../infer": undefined,
    "/v2/models/%ff": undefined,
    "/v2/models/": undefined,
    "/v2/docs/dataplane.yaml": "document",
    "/api/v1.0/feedback": undefined,
  },
};

describe("the paths of the REST port", () => {
  for (const [protocol, paths] of Object.entries(PATHS) as [Protocol, Record<string, string | undefined>][]) {
    it(`of protocol ${protocol}`, () => {
      for (const [path, wanted] of Object.entries(paths)) {
        assert.equal(kindOf(routeOf(path, protocol, "/m")), wanted, path);
      }
    });
  }

  it("any path is a route or none, never an error, and no model is called by dots", () => {
    const part = fc.oneof(fc.constantFrom("v2", "models", "infer", "..", "%2e%2e", "%", ":predict", ""), fc.string());
    fc.assert(
      fc.property(fc.array(part), fc.constantFrom<Protocol>("seldon", "tensorflow", "v2"), (parts, protocol) => {
        const route = routeOf(`/${parts.join("/")}`, protocol, "/m");
        if (route !== undefined && "modelName" in route) assert.doesNotMatch(route.modelName, /^\.\.?$/);
      }),
    );
  });
});
