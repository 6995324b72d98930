import { createGenerations } from "../../deliver/gateway-rollout/generations.ts";
import { createRollout } from "../../deliver/gateway-rollout/rollout.ts";
import { startGuard } from "../../deliver/processes/guard.ts";
import type { EndpointMapping } from "../../deliver/processes/endpoint-mapping.ts";
import { createLocalWorkloads } from "../../deliver/processes/local-workloads.ts";
import type { LogLine } from "../../deliver/processes/supervisor.ts";
import { createResourceStore } from "../../deliver/xds-server/resource-store.ts";
import { startXdsServer } from "../../deliver/xds-server/server.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { clusterName } from "../../plan/names.ts";
import type { PlanOptions } from "../../plan/options.ts";
import { renderEnginePredictor } from "../../render/orchestrator/engine-predictor.ts";
import type { WasmSource } from "../../render/xds/filter-config.ts";
import type { XdsOptions } from "../../render/xds/options.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import type { Source } from "../../source/source.ts";
import { addressOf, withRunningBypass } from "./bypass.ts";
import { createDeployments } from "./deployments.ts";
import { startEnvoy, type LocalEnvoy } from "./envoy-process.ts";
import { renderSnapshot } from "./gateway-snapshot.ts";
import { changeGraphs } from "./graphs.ts";
import { createLoop } from "./loop.ts";
import { createRefusals } from "../../deliver/gateway-rollout/refusals.ts";
import type { LocalReporter } from "./reporter.ts";
import { createRunFolder } from "./run-folder.ts";
import { createSourceReader } from "./source-reader.ts";
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
  /** What the operator set; defaults hold for the rest. */
  readonly planOptions?: Partial<PlanOptions>;
}

export interface LocalGateway {
  /** Resolves with the reason when the gateway cannot listen on its port. */
  readonly failed: Promise<string>;
  /** Stops everything; resolves when nothing of it is left. Safe to call twice. */
  close(): Promise<void>;
}

/** Serves what the source holds on this machine, and follows its changes: our Envoy, orchestrators and containers as processes. */
export async function startLocalGateway(options: LocalGatewayOptions): Promise<LocalGateway> {
  const { source, reporter, drainMs = DEFAULT_DRAIN_MS } = options;
  const folder = await createRunFolder();
  const xdsAddress = `unix:${folder.xdsSocket}`;
  const guard = startGuard();
  const store = createResourceStore();
  const reader = createSourceReader(source, options.planOptions);
  const view = createView(reporter);
  const nextGeneration = createGenerations();
  const failed = Promise.withResolvers<string>();
  let envoy: LocalEnvoy | undefined = undefined as LocalEnvoy | undefined;

  const loop = createLoop(reconcile, (error) => {
    reporter.fault(error);
  });
  const onChange = (): void => {
    loop.request();
  };
  const onLine = ({ label, text }: LogLine): void => {
    reporter.line(label, text);
  };

  const refusals = createRefusals(onChange);
  const xdsServer = await startXdsServer({
    address: xdsAddress,
    store,
    onEvent: (event) => {
      refusals.onEvent(event);
      if (event.kind === "nack" && event.typeUrl === TYPE.listener) failed.resolve(event.message);
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
      isRefused: () => refusals.problems().length > 0,
    },
    onPruned: onChange,
    onFault: (error) => {
      reporter.fault(error);
    },
    drainMs,
  });
  const workloads = createLocalWorkloads({ guard, onLine, onChange, drainMs });
  const deployments = createDeployments((plan, predictor) =>
    rollout.holds(clusterName(plan.namespace, plan.name, predictor, "http")),
  );

  /** One turn: from what is wanted and what runs to what is served. */
  async function reconcile(): Promise<void> {
    const wanted = await reader.read();
    const running = deployments.running(wanted.plans);
    reader.keepOnly(new Set(running.map((plan) => plan.key)));
    const started = await workloads.apply(running, {
      folderOf: (key) => options.folderOf(reader.fileOf(key)),
      endpoints: options.endpoints,
      xdsServer: xdsAddress,
      enginePredictor: renderEnginePredictor,
    });
    const states = workloads.states();
    const addresses = new Map(
      states.map((state) => [
        predictorKey(state.deployment, state.predictor),
        state.current && addressOf(state.current),
      ]),
    );
    const serving = deployments.serve(
      wanted.plans,
      started.problems,
      (key, predictor) => addresses.get(predictorKey(key, predictor)) !== undefined,
    );
    store.apply(changeGraphs(store, states, (key) => deployments.started(key)));
    const served = serving.map((plan) => withRunningBypass(plan, states));
    const snapshot = renderSnapshot(served, {
      xds: { ...options.xds, reusePort: false },
      wasm: options.wasm,
      nextGeneration,
      addressOf: (plan, predictor) => {
        const address = addresses.get(predictorKey(plan.key, predictor));
        if (address === undefined) throw new Error(`${plan.key}/${predictor} is served but has no address`);
        return address;
      },
    });
    rollout.publish(snapshot.value);
    const isStarted = (plan: DeploymentPlan): boolean => deployments.started(plan.key) === plan;
    view.show({
      wanted: wanted.plans.filter(isStarted),
      serving,
      processes: states,
      settled: rollout.settled(),
      envoyIsReady: envoy?.isReady() ?? false,
      outdated: [
        ...wanted.outdated,
        ...wanted.plans.filter((plan) => !isStarted(plan) && deployments.started(plan.key)).map((plan) => plan.key),
      ],
      problems: [
        ...wanted.problems,
        ...[...started.problems, ...states.flatMap((state) => state.problems), ...snapshot.problems].map((one) =>
          reader.locate(one),
        ),
        ...refusals.problems(),
        ...(envoy?.problems() ?? []),
      ],
    });
  }

  // Before the first reading, so that no edit falls between the two.
  const stopWatching = source.watch(() => {
    reader.invalidate();
    onChange();
  });
  onChange();
  envoy = await startEnvoy({
    binary: options.envoyBinary,
    folder: folder.path,
    xdsSocket: folder.xdsSocket,
    port: options.xds.port,
    guard,
    onLine,
    onChange,
    onPortTaken: () => {
      failed.resolve(`port ${String(options.xds.port)} of ${options.xds.address} is in use`);
    },
  });

  async function closeAll(): Promise<void> {
    stopWatching();
    await loop.close(); // first: a turn under way still shows and publishes
    view.close();
    rollout.close();
    await envoy?.stop();
    await workloads.close();
    await xdsServer.close();
    await guard.close();
    folder.remove();
  }
  let closing: Promise<void> | undefined;
  return { failed: failed.promise, close: () => (closing ??= closeAll()) };
}

const DEFAULT_DRAIN_MS = 5000;

function predictorKey(deployment: string, predictor: string): string {
  return `${deployment}/${predictor}`;
}
