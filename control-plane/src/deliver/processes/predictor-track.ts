import type { Problem } from "../../problem/problem.ts";
import { hashOf, type DesiredPredictor } from "./desired.ts";
import { localPredictor, type LocalAddress } from "./local-graph.ts";
import { reportFailure } from "./process-report.ts";
import type { Unit } from "./unit.ts";
import type { PredictorState, RevisionState } from "./workload-state.ts";

/** A revision: which units make it up, and the graph over them. */
interface Revision {
  readonly id: string;
  readonly unitKeys: readonly string[];
  readonly desired: DesiredPredictor;
}

/** The container name under which an orchestrator's ports stand in its unit. */
export const ORCHESTRATOR = "orchestrator";
/** Keys under which they stand there. */
export const ORCHESTRATOR_HTTP = 8000;
export const ORCHESTRATOR_GRPC = 5001;

/** The revisions of one predictor, from the one on its way up to those on their way out. */
export class PredictorTrack {
  #current: Revision | undefined;
  #next: Revision | undefined;
  #draining: readonly Revision[] = [];
  #wanted: DesiredPredictor;
  readonly #unit: (key: string) => Unit | undefined;
  /** The last whole state of each revision, for the time in which one of its units is being replaced. */
  readonly #lastWhole = new Map<string, RevisionState>();

  constructor(wanted: DesiredPredictor, unit: (key: string) => Unit | undefined) {
    this.#wanted = wanted;
    this.#unit = unit;
    this.want(wanted);
  }

  get key(): string {
    return trackKey(this.#wanted);
  }

  /** Sets what is wanted from now on. A revision that never served is given up if another is wanted. */
  want(desired: DesiredPredictor): void {
    this.#wanted = desired;
    const unitKeys = unitKeysOf(desired);
    const revision = { id: hashOf([...unitKeys].sort()), unitKeys, desired };
    if (this.#current?.id === revision.id) {
      this.#current = revision;
      this.#next = undefined;
    } else {
      this.#next = revision;
    }
    this.#forgetOthers();
  }

  /** Makes the next revision the current one if all of it is ready. Returns the revision it replaced, if any. */
  promote(): { readonly replaced?: string } | undefined {
    const next = this.#next;
    if (next === undefined || !this.#isReady(next)) return undefined;
    const replaced = this.#current;
    this.#draining = [...this.#draining, ...(replaced ? [replaced] : [])].filter((one) => one.id !== next.id);
    this.#current = next;
    this.#next = undefined;
    return replaced === undefined ? {} : { replaced: replaced.id };
  }

  retire(revision: string): void {
    this.#draining = this.#draining.filter((one) => one.id !== revision);
    this.#forgetOthers();
  }

  /** Every unit that some revision still needs. */
  unitKeys(): readonly string[] {
    return this.#revisions().flatMap((one) => one.unitKeys);
  }

  state(): PredictorState {
    const { deployment, predictor } = this.#wanted;
    const current = this.#current && this.#revisionState(this.#current);
    const next = this.#next && this.#revisionState(this.#next);
    return {
      deployment: deployment.key,
      predictor: predictor.name,
      ...(current === undefined ? {} : { current }),
      ...(next === undefined ? {} : { next }),
      draining: this.#draining.map((one) => one.id),
      problems: this.#problems(),
    };
  }

  /** The newest graph, for the orchestrator's environment. Undefined while units are missing. */
  wantedState(): RevisionState | undefined {
    const newest = this.#next ?? this.#current;
    return newest && this.#revisionState(newest);
  }

  /** Lets go of revisions that are over, or were given up before they ever served. */
  #forgetOthers(): void {
    const ids = new Set(this.#revisions().map((one) => one.id));
    for (const id of this.#lastWhole.keys()) if (!ids.has(id)) this.#lastWhole.delete(id);
  }

  #revisions(): readonly Revision[] {
    return [this.#current, this.#next, ...this.#draining].filter((one) => one !== undefined);
  }

  #isReady(revision: Revision): boolean {
    return revision.unitKeys.every((key) => this.#unit(key)?.ready() ?? false);
  }

  #revisionState(revision: Revision): RevisionState | undefined {
    const units = revision.unitKeys.flatMap((key) => this.#unit(key) ?? []);
    const processes = units.flatMap((unit) => unit.states());
    if (units.length < revision.unitKeys.length) {
      const last = this.#lastWhole.get(revision.id);
      return last && { ...last, ready: false, processes };
    }
    const ports = new Map(units.flatMap((unit) => [...unit.ports]));
    const { predictor, address } = localPredictor(
      revision.desired,
      (name) => ports.get(name),
      orchestratorAddress(units),
    );
    const state = { revision: revision.id, address, predictor, ready: this.#isReady(revision), processes };
    this.#lastWhole.set(revision.id, state);
    return state;
  }

  #problems(): readonly Problem[] {
    const { deployment, predictor, pods } = this.#wanted;
    const paths = new Map(pods.flatMap((pod) => pod.containers).map((one) => [one.label, one.path]));
    const above = `spec.predictors[${deployment.predictors.findIndex((one) => one.name === predictor.name)}]`;
    const keys = new Set([...(this.#next?.unitKeys ?? []), ...(this.#current?.unitKeys ?? [])]);
    return [...keys]
      .flatMap((key) => this.#unit(key)?.states() ?? [])
      .flatMap(
        (state) => reportFailure(state, { object: deployment.key, path: paths.get(state.label) ?? above }) ?? [],
      );
  }
}

export function trackKey(desired: DesiredPredictor): string {
  return `${desired.deployment.key}/${desired.predictor.name}`;
}

function unitKeysOf(desired: DesiredPredictor): readonly string[] {
  return [
    ...desired.pods.map((pod) => pod.key),
    ...(desired.orchestratorKey === undefined ? [] : [desired.orchestratorKey]),
  ];
}

function orchestratorAddress(units: readonly Unit[]): LocalAddress | undefined {
  const ports = units.find((unit) => unit.calls)?.ports.get(ORCHESTRATOR);
  const httpPort = ports?.get(ORCHESTRATOR_HTTP);
  const grpcPort = ports?.get(ORCHESTRATOR_GRPC);
  if (httpPort === undefined || grpcPort === undefined) return undefined;
  return { host: "127.0.0.1", httpPort, grpcPort };
}
