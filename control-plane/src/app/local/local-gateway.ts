import { startGuard } from "../../deliver/processes/guard.ts";
import type { EndpointMapping } from "../../deliver/processes/endpoint-mapping.ts";
import { createLocalWorkloads, type LocalContext } from "../../deliver/processes/local-workloads.ts";
import { reportFailure } from "../../deliver/processes/process-report.ts";
import type { PredictorState } from "../../deliver/processes/workload-state.ts";
import type { ProcessState } from "../../deliver/processes/supervisor.ts";
import { createResourceStore } from "../../deliver/xds-server/resource-store.ts";
import { startXdsServer } from "../../deliver/xds-server/server.ts";
import { loadDocuments } from "../../model/load.ts";
import { clusterName } from "../../plan/names.ts";
import { planDeployment } from "../../plan/plan-deployment.ts";
import type { Problem } from "../../problem/problem.ts";
import { renderEnginePredictor } from "../../render/orchestrator/engine-predictor.ts";
import type { WasmSource } from "../../render/xds/filter-config.ts";
import type { XdsOptions } from "../../render/xds/options.ts";
import type { Source } from "../../source/source.ts";
import { updateCatalog, type Catalog } from "../catalog.ts";
import { createDeployments } from "./deployments.ts";
import { startEnvoy } from "./envoy-process.ts";
import { createGenerations, renderSnapshot } from "./gateway-snapshot.ts";
import { changeGraphs } from "./graphs.ts";
import { createLoop } from "./loop.ts";
import { createRefusals } from "./refusals.ts";
import type { LocalReporter } from "./reporter.ts";
import { createRollout } from "./rollout.ts";
import { createRunFolder } from "./run-folder.ts";
import { createView } from "./view.ts";

export interface LocalGatewayOptions {
  readonly source: Source;
  /** The folder that a deployment of this file counts relative paths from. */
  readonly folderOf: (file: string | undefined) => string;
  readonly endpoints: readonly EndpointMapping[];
  readonly envoyBinary: string;
  readonly wasm: WasmSource;
  /** Address and port are those of the gateway. */
  readonly xds: Partial<XdsOptions> & Pick<XdsOptions, "address" | "port">;
  readonly reporter: LocalReporter;
  /** How long removed predictors and replaced processes go on for the requests they still have. Default 5000. */
  readonly drainMs?: number;
}

export interface LocalGateway {
  /** Stops everything; resolves when nothing of it is left. Safe to call twice. */
  close(): Promise<void>;
}

/** Serves what the source holds on this machine, and follows its changes: our Envoy, orchestrators and containers as processes. */
export async function startLocalGateway(options: LocalGatewayOptions): Promise<LocalGateway> {
  const { source, reporter } = options;
  const folder = await createRunFolder();
  const guard = startGuard();
  const store = createResourceStore();
  const onChange = (): void => {
    loop.request();
  };
  const refusals = createRefusals(onChange);
  const xdsServer = await startXdsServer({
    address: `unix:${folder.xdsSocket}`,
    store,
    onEvent: (event) => {
      refusals.onEvent(event);
    },
    onError: (error) => {
      reporter.fault(error);
    },
  });
  const rollout = createRollout({
    delivery: {
      apply: (changes) => {
        store.apply(changes);
      },
      whenAnswered: (resources, timeoutMs) => xdsServer.whenAnswered(resources, timeoutMs),
    },
    onPruned: onChange,
    ...(options.drainMs === undefined ? {} : { drainMs: options.drainMs }),
  });
  const onLine = ({ label, text }: { readonly label: string; readonly text: string }): void => {
    reporter.line(label, text);
  };
  const seen = new Map<string, string>();
  const onPredictor = (state: PredictorState): void => {
    const key = `${state.deployment}/${state.predictor}`;
    const text = JSON.stringify(state);
    if (seen.get(key) === text) return;
    seen.set(key, text);
    onChange();
  };
  const workloads = createLocalWorkloads({
    guard,
    onLine,
    onChange: onPredictor,
    ...(options.drainMs === undefined ? {} : { drainMs: options.drainMs }),
  });
  const deployments = createDeployments((plan, predictor) =>
    rollout.holds(clusterName(plan.namespace, plan.name, predictor, "http")),
  );
  const nextGeneration = createGenerations();
  const view = createView(reporter);

  let catalog: Catalog = new Map();
  let readProblems: readonly Problem[] = [];
  let envoyState: ProcessState | undefined;
  let sourceChanged = true;

  async function readSource(): Promise<void> {
    sourceChanged = false;
    const texts = await source.read();
    const loaded = loadDocuments(texts.value);
    const updated = updateCatalog(
      catalog,
      { value: loaded.value, problems: [...texts.problems, ...loaded.problems] },
      (one) => planDeployment(one),
    );
    catalog = updated.value;
    readProblems = updated.problems;
  }

  const context: LocalContext = {
    folderOf: (key) => options.folderOf(catalog.get(key)?.file),
    endpoints: options.endpoints,
    xdsServer: `unix:${folder.xdsSocket}`,
    enginePredictor: renderEnginePredictor,
  };

  /** One turn: from what is wanted and what runs to what is served. */
  async function reconcile(): Promise<void> {
    if (sourceChanged) await readSource();
    const wanted = [...catalog.values()].map((entry) => entry.plan);
    const started = await workloads.apply(deployments.running(wanted), context);
    const states = workloads.states();
    const current = new Map(states.map((state) => [`${state.deployment}/${state.predictor}`, state]));
    const serving = deployments.serve(
      wanted,
      started.problems,
      (key, predictor) => current.get(`${key}/${predictor}`)?.current !== undefined,
    );
    store.apply(changeGraphs(store, states, (key) => deployments.started(key)));
    const snapshot = renderSnapshot(serving, {
      xds: options.xds,
      wasm: options.wasm,
      nextGeneration,
      addressOf: (plan, predictor) => {
        const address = current.get(`${plan.key}/${predictor}`)?.current?.address;
        if (address === undefined) throw new Error(`${plan.key}/${predictor} is served but has no address`);
        return address;
      },
    });
    rollout.publish(snapshot.value);
    view.show({
      wanted,
      serving,
      settled: rollout.settled(),
      envoyIsReady: envoyState?.phase === "ready",
      problems: [
        ...readProblems,
        ...started.problems,
        ...states.flatMap((state) => state.problems),
        ...snapshot.problems,
        ...refusals.problems(),
        ...envoyProblems(envoyState),
      ],
    });
  }

  const loop = createLoop(reconcile);
  loop.request();
  const envoy = await startEnvoy({
    binary: options.envoyBinary,
    folder: folder.path,
    xdsSocket: folder.xdsSocket,
    port: options.xds.port,
    guard,
    onLine,
    onChange: (state) => {
      envoyState = state;
      onChange();
    },
  });
  const stopWatching = source.watch(() => {
    sourceChanged = true;
    onChange();
  });

  async function closeAll(): Promise<void> {
    stopWatching();
    rollout.close();
    await loop.close();
    await envoy.stop();
    await workloads.close();
    await xdsServer.close();
    await guard.close();
    folder.remove();
  }
  let closing: Promise<void> | undefined;
  return { close: () => (closing ??= closeAll()) };
}

function envoyProblems(state: ProcessState | undefined): readonly Problem[] {
  const found = state && reportFailure(state, { object: "", path: "" });
  return found === undefined ? [] : [found];
}
