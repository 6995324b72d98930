import type { Protocol } from "../../graph/graph.ts";
import { seldonRoute } from "./routes/seldon-routes.ts";
import { tensorflowRoute } from "./routes/tensorflow-routes.ts";
import { v2Route } from "./routes/v2-routes.ts";
import type { Route } from "./routes/route.ts";

export type { Route } from "./routes/route.ts";

const READY: Route = { kind: "ready" };
const LIVE: Route = { kind: "live" };
const METRICS: Route = { kind: "metrics" };

const OF_PROTOCOL: Readonly<Record<Protocol, (path: string) => Route | undefined>> = {
  seldon: seldonRoute,
  tensorflow: tensorflowRoute,
  v2: v2Route,
};

/** The route of a path (without query), or none: exact, without trailing slashes, as Seldon's executor serves them. */
export function routeOf(path: string, protocol: Protocol, metricsPath: string): Route | undefined {
  if (path === "/ready") return READY;
  if (path === "/live") return LIVE;
  if (path === metricsPath) return METRICS;
  return OF_PROTOCOL[protocol](path);
}
