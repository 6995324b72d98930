import { createGenerations } from "../../../deliver/gateway-rollout/generations.ts";
import type { ProgrammedCount } from "../../../deliver/programmed/programmed.ts";
import type { MeshNode } from "../../../deliver/xds-identity/mesh-node.ts";
import type { StoredName } from "../../../deliver/xds-identity/mesh-views.ts";
import type { XdsEvent } from "../../../deliver/xds-server/events.ts";
import type { ResourceStore } from "../../../deliver/xds-server/resource-store.ts";
import type { Clock } from "../../../kubernetes-api/clock.ts";
import type { DeploymentPlan } from "../../../plan/deployment-plan.ts";
import { problem, type Problem } from "../../../problem/problem.ts";
import type { FilterRole } from "../../../render/xds/filter-config.ts";
import { oldProxyProblems } from "../cluster-problems.ts";
import type { Look } from "../reconcile.ts";
import { createAcceptance } from "./acceptance.ts";
import type { IstioObjects } from "./istio-objects.ts";
import { differingNames, missingGateways, presentGateways } from "./missing-gateways.ts";
import { createRouteBook, gatewaysIn, MESH } from "./route-book.ts";
import { createScopeTables, type ScopeTable, type ScopeTablesOptions } from "./scope-tables.ts";
import { scopeOf, storedTableName } from "./scope.ts";

export interface FilterTablesOptions extends Pick<
  ScopeTablesOptions,
  | "clusterDomain"
  | "peersOnly"
  | "code"
  | "intervalMs"
  | "retainMs"
  | "maxTableBytes"
  | "maxScopes"
  | "maxScopesPerNamespace"
  | "onTable"
  | "onFault"
> {
  readonly store: ResourceStore;
  readonly clock: Clock;
  readonly objects: () => IstioObjects;
  /** Called with the keys of deployments that more or fewer proxies have taken in; at most once a `tellMs`. */
  readonly onProgrammed: (keys: readonly string[]) => void;
  /** Default 1000. */
  readonly tellMs?: number;
  /** Default: by the clock, and random bits. */
  readonly nextGeneration?: () => bigint;
}

/**
 * The filter's tables for Istio's proxies: one for each role and scope that somebody asks for, in the resource store. They say
 * where requests may be sent now; a deployment of which that is not known keeps what it had.
 */
export interface FilterTables {
  /** Name in the store of the table that a proxy is to have, or why it gets none: there are too many scopes already. */
  storedName(node: MeshNode, role: FilterRole): StoredName;
  onLook(look: Pick<Look, "step">): void;
  /** The deployment is gone. */
  forget(key: string): void;
  /** A Gateway or a Sidecar has changed. */
  objectsChanged(): void;
  /** Every event of the xDS server. */
  onEvent(event: XdsEvent): void;
  /** All deployments have been looked at: from now on there are tables. */
  begin(): void;
  programmed(key: string): ProgrammedCount | undefined;
  /** What users of a deployment should know: that it is in no table, or that proxies refused the one with its newest version. */
  problemsOf(key: string): readonly Problem[];
  stop(): void;
}

export function createFilterTables(options: FilterTablesOptions): FilterTables {
  const { clock, tellMs = 1000, onProgrammed } = options;
  const book = createRouteBook();
  const pending = new Set<string>();
  let cancelTelling: (() => void) | undefined;

  function note(key: string): void {
    pending.add(key);
    cancelTelling ??= clock.after(tellMs, () => {
      cancelTelling = undefined;
      const keys = [...pending];
      pending.clear();
      onProgrammed(keys);
    });
  }

  let present: ReadonlySet<string> | undefined;

  /** Deployments whose Gateways have come or gone have something else to say. */
  function noteGateways(): void {
    const before = present;
    present = presentGateways(options.objects());
    const changedNames = differingNames(before, present);
    if (changedNames.size === 0) return;
    for (const plan of book.plans()) if (gatewaysIn(plan).some((name) => changedNames.has(name))) note(plan.key);
  }

  function missingOf(key: string): readonly Problem[] {
    const plan = book.plan(key);
    return plan === undefined ? [] : missingGateways(plan, options.objects());
  }

  function noteProgress({ selection }: ScopeTable, since: number, keys: Iterable<string> = []): void {
    const others = [...keys].flatMap((key) => book.plan(key) ?? []);
    for (const plan of [...book.changedSince(since), ...others]) if (selection?.includes(plan) === true) note(plan.key);
  }

  const tables = createScopeTables({
    ...options,
    book,
    nextGeneration: options.nextGeneration ?? createGenerations(() => clock.nowMs()),
    onProgress: noteProgress,
    onProblems: (keys) => {
      for (const key of keys) note(key);
    },
  });
  const acceptance = createAcceptance({ book, tables, onProgress: noteProgress });

  function changed(...plans: readonly (DeploymentPlan | undefined)[]): void {
    const gateways = new Set(plans.flatMap((plan) => plan?.gateways ?? []));
    const concernsSidecars = gateways.delete(MESH);
    const concernsGateways = gateways.size > 0;
    tables.changed(({ role }) => (role === "outbound" && concernsSidecars) || (role === "gateway" && concernsGateways));
  }

  return {
    storedName(node, role) {
      const scope = scopeOf(node, role);
      const shortage = tables.shortage(scope);
      return shortage === undefined
        ? { kind: "name", name: storedTableName(scope) }
        : { kind: "shortage", why: shortage };
    },
    onLook({ step: { meshRoutes } }) {
      if (meshRoutes === undefined) return;
      const revision = book.revision;
      const before = book.set(meshRoutes);
      if (book.revision !== revision) changed(before, meshRoutes);
    },
    forget(key) {
      pending.delete(key);
      const before = book.remove(key);
      if (before !== undefined) changed(before);
    },
    objectsChanged() {
      noteGateways();
      book.turnPage();
      tables.changed(({ role }) => role !== "inbound");
    },
    onEvent: (event) => {
      acceptance.onEvent(event);
    },
    begin: () => {
      tables.begin();
    },
    programmed: (key) => acceptance.count(key),
    // Envoy's own weighted routes serve it: nothing has failed.
    problemsOf: (key) => [
      ...missingOf(key),
      ...tables.problemsOf(key).map((one) => ({ ...one, severity: "warning" as const })),
      ...oldProxyProblems(key, acceptance.tooOld(key)),
      ...acceptance
        .refusals(key)
        .map((message) =>
          problem("ConfigRefused", { object: key, message: `a proxy refused its filter's table: ${message}` }),
        ),
    ],
    stop() {
      cancelTelling?.();
      tables.stop();
    },
  };
}
