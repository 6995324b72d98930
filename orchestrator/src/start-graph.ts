import type { Options } from "./config/flags.ts";
import type { Identity } from "./graph/draft.ts";
import { describeProblems, type CheckedGraph } from "./graph/graph.ts";
import type { Logger } from "./observe/log.ts";
import type { OperationsMetrics } from "./observe/operations-metrics.ts";
import { StartError } from "./start-error.ts";
import type { OpenedTls } from "./tls/open-tls.ts";
import type { CurrentGraph } from "./walk/served-graph.ts";
import type { Subscription } from "./xds/graph-subscription.ts";

/** Where graphs come from, and who hears of them. */
export interface GraphStart {
  readonly options: Options;
  readonly identity: Identity;
  /** ENGINE_PREDICTOR as it stands in the environment. */
  readonly enginePredictor: string | undefined;
  readonly local: CheckedGraph | undefined;
  readonly current: CurrentGraph;
  readonly operations: OperationsMetrics;
  readonly tls: OpenedTls;
  readonly log: Logger;
}

/** Takes the first graph into service, and those that follow. Throws StartError where there is none and none can come. */
export async function startGraph(start: GraphStart): Promise<Subscription | undefined> {
  const { local, current, operations, log } = start;
  const xds = await subscribe(start);
  if (current.served !== undefined) return xds;
  useLocal(local, current, xds !== undefined, log);
  if (current.swaps > 0) operations.graphServed({ source: "local", version: "" });
  return xds;
}

async function subscribe(start: GraphStart): Promise<Subscription | undefined> {
  const { options, current, operations, tls, identity, enginePredictor, log } = start;
  if (options.xdsServer === undefined) return undefined;
  const { startSubscription } = await import("./xds/first-graph.ts");
  return startSubscription({
    server: options.xdsServer,
    tls: tls.xds,
    tokenFile: options.xdsTokenFile,
    identity,
    enginePredictor,
    onGraph: (graph, version) => {
      current.swap(graph);
      operations.graphServed({ source: "xds", version });
      log.info({ swaps: current.swaps }, "a graph from the control plane is served");
    },
    onRefused: () => {
      operations.graphRefused();
    },
    onConnected: (isConnected) => {
      operations.xdsConnected(isConnected);
    },
    log,
  });
}

function useLocal(local: CheckedGraph | undefined, current: CurrentGraph, hasXds: boolean, log: Logger): void {
  if (local?.value !== undefined) {
    for (const one of local.problems) log.warn({ path: one.path }, one.message);
    current.swap(local.value);
    return;
  }
  const why =
    local === undefined
      ? "there is no graph: set ENGINE_PREDICTOR, or give --file or --xds_server"
      : `the graph can't be served: ${describeProblems(local.problems)}`;
  if (!hasXds) throw new StartError(why);
  log.warn(`${why}; waiting for the control plane`);
}
