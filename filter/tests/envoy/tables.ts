import { createHash } from "node:crypto";
import type { RouteTable } from "#proto/route-table/model.ts";

/** A call of the deployment with one predictor of three quarters and one of a quarter. */
export const PATH = "/seldon/default/iris/api/v1.0/predictions";
/** A call of the deployment that has everything. */
export const GUARDED = "/seldon/default/guarded/api/v1.0/predictions";

const both = (cluster: string): { httpCluster: string; grpcCluster: string } => ({
  httpCluster: cluster,
  grpcCluster: cluster,
});

/** Lets a client force. */
export const SECRET = "open sesame";
const sha256 = createHash("sha256").update(SECRET).digest("hex");
const anyone = [{ kind: "anyone" }] as const;
const nothingElse = { stickyKeys: [], rules: [], shadows: [] } as const;
const shadow = { name: "shadow", percent: 100, conditions: [], beside: [], ...both("shadow") } as const;

/** What Envoy starts with. */
export const table: RouteTable = {
  role: "gateway",
  generation: 1n,
  deployments: [
    {
      key: "default/iris",
      permits: { force: anyone, explain: anyone },
      ...nothingElse,
      predictors: [
        { name: "main", weight: 75, ...both("main") },
        { name: "canary", weight: 25, ...both("canary") },
      ],
      shadows: [shadow],
    },
    {
      key: "default/guarded",
      permits: {
        force: [{ kind: "secret", sha256 }],
        explain: [{ kind: "claim", header: "x-jwt-role", value: "admin" }],
      },
      stickyKeys: [
        { kind: "header", name: "x-user" },
        { kind: "cookie", name: "graphway-split", issue: { attributes: "; Path=/seldon/default/guarded/; HttpOnly" } },
      ],
      predictors: [
        { name: "main", weight: 50, ...both("main") },
        { name: "canary", weight: 50, ...both("canary") },
      ],
      rules: [
        {
          name: "beta",
          conditions: [{ on: "header", name: "x-segment", test: { kind: "prefix", text: "beta" } }],
          percent: 100,
          predictors: [{ name: "canary", weight: 1, ...both("canary") }],
        },
      ],
      shadows: [{ ...shadow, beside: ["canary"], maxBodyBytes: 10 }],
      defaultTimeoutMs: 5000,
      maxTimeoutMs: 8000,
    },
  ],
};

/** A table whose only deployment has one predictor. */
export function allTo(predictor: string, generation: bigint): RouteTable {
  const predictors = [{ name: predictor, weight: 1, ...both(predictor) }];
  const permits = { force: [], explain: [] };
  return { ...table, generation, deployments: [{ key: "default/iris", permits, ...nothingElse, predictors }] };
}
