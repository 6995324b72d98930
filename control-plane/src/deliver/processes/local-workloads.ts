import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import { hasErrors, problem, type Checked, type Problem } from "../../problem/problem.ts";
import { desiredPredictors, nodesOf, type DesiredPod, type DesiredPredictor } from "./desired.ts";
import { mappingOf, type EndpointMapping } from "./endpoint-mapping.ts";
import type { Guard } from "./guard.ts";
import { findPortClashes, findPortsInUse, type Claimant } from "./literal-claims.ts";
import { checkPrograms, containerSpec } from "./local-specs.ts";
import { ORCHESTRATOR_MAIN, orchestratorSpec } from "./orchestrator-spec.ts";
import { createPortPool, isPortFree, type PortPool } from "./ports.ts";
import { plannedPorts, type PortMap } from "./port-map.ts";
import { ORCHESTRATOR, ORCHESTRATOR_GRPC, ORCHESTRATOR_HTTP, PredictorTrack, trackKey } from "./predictor-track.ts";
import { DEFAULT_SUPERVISOR_SETTINGS, type LogLine, type SupervisorSettings } from "./supervisor.ts";
import { startUnit, type Unit, type UnitParts } from "./unit.ts";
import { UnitPool } from "./unit-pool.ts";
import type { PredictorState } from "./workload-state.ts";

/** What the plans do not say. */
export interface LocalContext {
  /** The folder of the manifest a deployment came from: relative paths count from it. */
  readonly folderOf: (deploymentKey: string) => string;
  /** From --endpoint. */
  readonly endpoints: readonly EndpointMapping[];
  /** Address of the xDS server for `--xds_server`. */
  readonly xdsServer: string;
  /** The value of ENGINE_PREDICTOR for a predictor whose endpoints are those of this machine. */
  readonly enginePredictor: (plan: DeploymentPlan, local: PredictorPlan) => string;
}

export interface LocalWorkloadsOptions {
  readonly guard: Guard;
  /** Every line that a process writes. */
  readonly onLine: (line: LogLine) => void;
  /** Called after something changed for a predictor; never from inside a call of `apply` or `retire`. */
  readonly onChange: (state: PredictorState) => void;
  readonly settings?: Partial<SupervisorSettings>;
  readonly ports?: PortPool;
  /** How long a replaced revision goes on after its successor took over; default 5000, Infinity: until `retire`. */
  readonly drainMs?: number;
  /** Script of the orchestrator; default: this project's. */
  readonly orchestratorMain?: string;
}

/** Runs deployments as processes of this machine. */
export interface LocalWorkloads {
  /**
   * Makes these deployments run, all others end. Level-triggered: call it with everything that is wanted, as often as you like; what did
   * not change is not touched. Resolves when processes have been started, not when they are ready. A deployment with an error
   * among the problems stays as it was. What is no longer listed is stopped at once: list it until nothing is sent to it.
   */
  apply(plans: readonly DeploymentPlan[], context: LocalContext): Promise<Checked<readonly PredictorState[]>>;
  states(): readonly PredictorState[];
  /** Ends a draining revision now. */
  retire(deployment: string, predictor: string, revision: string): void;
  /** Stops everything, orchestrators before what they call. Safe to call twice. */
  close(): Promise<void>;
}

interface Wanted extends Claimant {
  readonly folder: string;
}

export function createLocalWorkloads(options: LocalWorkloadsOptions): LocalWorkloads {
  const settings = { ...DEFAULT_SUPERVISOR_SETTINGS, ...options.settings };
  const ports = options.ports ?? createPortPool();
  const drainMs = options.drainMs ?? 5_000;
  const pool = new UnitPool((freed) => {
    ports.release(freed);
  });
  const tracks = new Map<string, PredictorTrack>();
  const dirty = new Set<string>();
  const reported = new Map<string, string>();
  const drains = new Map<string, NodeJS.Timeout>();
  const moving = new Set<string>();
  let wanted: ReadonlyMap<string, Wanted> = new Map();
  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;

  async function applyNow(plans: readonly DeploymentPlan[], context: LocalContext): Promise<readonly Problem[]> {
    const { accepted, problems } = await accept(plans, context);
    wanted = accepted;
    const predictors = [...accepted.values()].flatMap((one) =>
      one.predictors.map((predictor) => ({ ...one, predictor })),
    );
    const keys = new Set(predictors.map(({ predictor }) => trackKey(predictor)));
    for (const key of tracks.keys()) if (!keys.has(key)) forget(key);
    for (const { predictor } of predictors) want(predictor);
    const needed = new Set(
      predictors.flatMap(({ predictor }) => [...predictor.pods.map((pod) => pod.key), predictor.orchestratorKey ?? ""]),
    );
    collect();
    for (const { predictor, folder } of predictors) {
      for (const pod of predictor.pods)
        if (!pool.get(pod.key)) pool.add(await startPod(pod, predictor, folder, needed));
      const key = predictor.orchestratorKey;
      if (key !== undefined && !pool.get(key)) pool.add(await startOrchestrator(key, predictor, context));
      touch(trackKey(predictor));
    }
    return problems;
  }

  function forget(key: string): void {
    tracks.delete(key);
    reported.delete(key);
  }

  /** What will be run: the new plan of a deployment, or its last good one when the new one has errors. */
  async function accept(plans: readonly DeploymentPlan[], context: LocalContext) {
    const problems = [...unusedEndpoints(plans, context.endpoints)];
    const candidates: Wanted[] = [];
    for (const plan of plans) {
      const folder = context.folderOf(plan.key);
      const { value, problems: found } = desiredPredictors(plan, context.endpoints, folder);
      const all = [...found, ...value.flatMap((one) => checkPrograms(plan.key, one.pods, folder))];
      const candidate = { key: plan.key, folder, predictors: value };
      all.push(...(await findPortsInUse(candidate, (port) => pool.holds(port), isPortFree)));
      problems.push(...all);
      if (!hasErrors(all)) candidates.push(candidate);
    }
    const names = new Set(plans.map((plan) => plan.key));
    const held = [...wanted.values()].filter((one) => names.has(one.key));
    const clashes = findPortClashes(candidates, held);
    problems.push(...[...clashes.values()].flat());
    const fine = candidates.filter((one) => !clashes.has(one.key));
    const accepted = new Map([...held, ...fine].map((one) => [one.key, one]));
    return { accepted, problems };
  }

  function want(predictor: DesiredPredictor): void {
    const track = tracks.get(trackKey(predictor));
    if (track) track.want(predictor);
    else tracks.set(trackKey(predictor), new PredictorTrack(predictor, (key) => pool.get(key)));
  }

  async function startPod(
    pod: DesiredPod,
    predictor: DesiredPredictor,
    folder: string,
    needed: ReadonlySet<string>,
  ): Promise<Unit> {
    const literal = pod.containers.flatMap((one) => one.literalPorts);
    // Two processes cannot have the same literal port: the old one goes first, and there is a gap.
    const after = literal.length === 0 ? undefined : pool.vacate(literal, (unit) => !needed.has(unit.key));
    const maps = new Map<string, PortMap>();
    for (const { plan, literalPorts } of pod.containers) {
      const map = new Map<number, number>();
      for (const port of plannedPorts(plan)) map.set(port, literalPorts.includes(port) ? port : await ports.take());
      maps.set(plan.name, map);
    }
    for (const port of literal) ports.reserve(port);
    const specs = pod.containers.map((one) =>
      containerSpec(one, maps.get(one.plan.name) ?? new Map(), folder, pod.graceMs),
    );
    const parts = { key: pod.key, ports: maps, literal, calls: false, specs, ...(after ? { after } : {}) };
    return start(parts, trackKey(predictor), () => startPod(pod, predictor, folder, needed));
  }

  async function startOrchestrator(key: string, desired: DesiredPredictor, context: LocalContext): Promise<Unit> {
    const { deployment, predictor } = desired;
    const track = trackKey(desired);
    const httpPort = await ports.take();
    const grpcPort = await ports.take();
    const spec = orchestratorSpec(deployment, predictor, {
      main: options.orchestratorMain ?? ORCHESTRATOR_MAIN,
      httpPort,
      grpcPort,
      xdsServer: context.xdsServer,
      enginePredictor: () => {
        const newest = tracks.get(track)?.wantedState();
        return context.enginePredictor(deployment, newest?.predictor ?? predictor);
      },
    });
    const map: PortMap = new Map([
      [ORCHESTRATOR_HTTP, httpPort],
      [ORCHESTRATOR_GRPC, grpcPort],
    ]);
    const parts = { key, ports: new Map([[ORCHESTRATOR, map]]), literal: [], calls: true, specs: [spec] };
    return start(parts, track, () => startOrchestrator(key, desired, context));
  }

  function start(parts: UnitParts, track: string, again: () => Promise<Unit>): Unit {
    const onChange = (): void => {
      touch(track);
      moveIfTaken(parts.key, track, again);
    };
    return startUnit(parts, { guard: options.guard, settings, onLine: options.onLine, onChange });
  }

  /** A unit that failed to start because a stranger took one of its free ports begins again on others. */
  function moveIfTaken(key: string, track: string, again: () => Promise<Unit>): void {
    const unit = pool.get(key);
    if (unit === undefined || moving.has(key) || unit.portsOfFailedStarts().length === 0) return;
    moving.add(key);
    queue = queue
      .then(async () => {
        const free = await Promise.all(unit.portsOfFailedStarts().map(isPortFree));
        if (closed || free.every(Boolean) || pool.get(key) !== unit) return;
        pool.remove([unit]);
        pool.add(await again());
        touch(track);
      })
      .finally(() => moving.delete(key));
  }

  /** Marks a predictor as changed; it is looked at, and reported, once the current work is done. */
  function touch(key: string): void {
    if (dirty.size === 0) queueMicrotask(review);
    dirty.add(key);
  }

  function review(): void {
    const keys = [...dirty];
    dirty.clear();
    if (closed) return;
    for (const key of keys) {
      const track = tracks.get(key);
      if (track === undefined) continue;
      const replaced = track.promote()?.replaced;
      if (replaced !== undefined) scheduleRetirement(track, replaced);
      report(track.state());
    }
  }

  /** Tells of a state unless it is the one that was told last. */
  function report(state: PredictorState): void {
    const key = `${state.deployment}/${state.predictor}`;
    const text = JSON.stringify(state);
    if (reported.get(key) === text) return;
    reported.set(key, text);
    options.onChange(state);
  }

  function scheduleRetirement(track: PredictorTrack, revision: string): void {
    if (!Number.isFinite(drainMs)) return;
    const name = `${track.key}#${revision}`;
    clearTimeout(drains.get(name));
    const end = (): void => {
      drains.delete(name);
      track.retire(revision);
      collect();
      touch(track.key);
    };
    drains.set(name, setTimeout(end, drainMs));
  }

  /** Stops every unit that no revision needs. */
  function collect(): void {
    if (!closed) pool.keepOnly(new Set([...tracks.values()].flatMap((track) => track.unitKeys())));
  }

  const states = (): readonly PredictorState[] => [...tracks.values()].map((track) => track.state());
  return {
    apply: (plans, context) => {
      const done = queue.then(async () => {
        const problems = closed ? [] : await applyNow(plans, context);
        return { value: states(), problems };
      });
      queue = done.catch(() => undefined);
      return done;
    },
    states,
    retire: (deployment, predictor, revision) => {
      const track = tracks.get(`${deployment}/${predictor}`);
      track?.retire(revision);
      collect();
      if (track) touch(track.key);
    },
    close: async () => {
      closed = true;
      for (const timer of drains.values()) clearTimeout(timer);
      await queue;
      pool.keepOnly(new Set());
      await pool.idle();
    },
  };
}

function unusedEndpoints(plans: readonly DeploymentPlan[], endpoints: readonly EndpointMapping[]): readonly Problem[] {
  const used = new Set(
    plans.flatMap((plan) =>
      plan.predictors.flatMap((predictor) =>
        nodesOf(predictor.graph).map((node) =>
          mappingOf(endpoints, {
            namespace: plan.namespace,
            deployment: plan.name,
            predictor: predictor.name,
            node: node.name,
          }),
        ),
      ),
    ),
  );
  return endpoints
    .filter((one) => !used.has(one))
    .map((one) => {
      const name = [one.namespace, one.deployment, one.predictor, one.node]
        .filter((part) => part !== undefined)
        .join("/");
      return problem("LocalEndpointUnused", {
        path: "--endpoint",
        message: `there is no node ${name}`,
      });
    });
}
