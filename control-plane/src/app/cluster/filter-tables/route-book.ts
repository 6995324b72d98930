import type { DeploymentPlan } from "../../../plan/deployment-plan.ts";
import { sameJson } from "../same-json.ts";

/** Istio's word for all sidecars, among gateways. */
export const MESH = "mesh";

/** What requests may be sent to now, of every deployment. */
export interface RouteBook {
  /** Grows with every change. */
  readonly revision: number;
  /** The revision in which a deployment changed last; 0: it is not there. */
  changedAt(key: string): number;
  plan(key: string): DeploymentPlan | undefined;
  plans(): readonly DeploymentPlan[];
  /** Those that changed after the revision. */
  changedSince(revision: number): readonly DeploymentPlan[];
  /** Namespaces whose callers may do something that others may not. */
  grantedNamespaces(): ReadonlySet<string>;
  /** Every gateway of a deployment, as `<namespace>/<name>`, sorted. */
  gateways(): readonly string[];
  /** What was there before; undefined: nothing was, or nothing changed (see `revision`). */
  set(plan: DeploymentPlan): DeploymentPlan | undefined;
  /** What was there; undefined: nothing. */
  remove(key: string): DeploymentPlan | undefined;
  /** A new revision in which everything may be routed elsewhere, such as by another Gateway. */
  turnPage(): void;
}

interface Entry {
  readonly plan: DeploymentPlan;
  readonly changedAt: number;
}

/** What is found out of all plans, until one changes. */
interface Findings {
  granted?: ReadonlySet<string>;
  gateways?: readonly string[];
  readonly since: Map<number, readonly DeploymentPlan[]>;
}

export function createRouteBook(): RouteBook {
  const entries = new Map<string, Entry>();
  let findings: Findings = { since: new Map() };
  let revision = 0;

  function turnPage(): void {
    revision += 1;
    findings = { since: new Map() };
  }

  const all = (): readonly DeploymentPlan[] => [...entries.values()].map(({ plan }) => plan);

  return {
    get revision() {
      return revision;
    },
    changedAt: (key) => entries.get(key)?.changedAt ?? 0,
    plan: (key) => entries.get(key)?.plan,
    plans: all,
    changedSince(than) {
      const known = findings.since.get(than);
      if (known !== undefined) return known;
      const found = [...entries.values()].filter((one) => one.changedAt > than).map(({ plan }) => plan);
      findings.since.set(than, found);
      return found;
    },
    grantedNamespaces: () => (findings.granted ??= new Set(all().flatMap(namespacesIn))),
    gateways: () => (findings.gateways ??= [...new Set(all().flatMap(gatewaysIn))].sort()),
    set(plan) {
      const before = entries.get(plan.key);
      if (before !== undefined && sameJson(routing(before.plan), routing(plan))) return undefined;
      turnPage();
      entries.set(plan.key, { plan, changedAt: revision });
      return before?.plan;
    },
    remove(key) {
      const before = entries.get(key);
      if (before === undefined) return undefined;
      turnPage();
      entries.delete(key);
      return before.plan;
    },
    turnPage,
  };
}

/** The gateways of a deployment as `<namespace>/<name>`, `mesh` left out. */
export function gatewaysIn({ namespace, gateways }: DeploymentPlan): readonly string[] {
  return gateways.filter((one) => one !== MESH).map((one) => (one.includes("/") ? one : `${namespace}/${one}`));
}

function namespacesIn({ permits }: DeploymentPlan): readonly string[] {
  return [...permits.force, ...permits.explain].flatMap((one) => (one.kind === "namespace" ? [one.namespace] : []));
}

/** All of a plan that a request can notice: not its pods. */
function routing(plan: DeploymentPlan): unknown {
  const predictors = plan.predictors.map(({ name, serviceHost, httpPort, grpcPort }) => ({
    name,
    serviceHost,
    httpPort,
    grpcPort,
  }));
  return { ...plan, workloads: undefined, predictors };
}
