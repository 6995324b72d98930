import { versionOf } from "../../../render/xds/encode.ts";
import type { EncodedResource } from "../../../render/xds/resource.ts";
import { TYPE } from "../../../render/xds/type-urls.ts";
import type { ResourceStore } from "../../../deliver/xds-server/resource-store.ts";
import type { Clock } from "../../../kubernetes-api/clock.ts";
import type { DeploymentPlan } from "../../../plan/deployment-plan.ts";
import type { Problem } from "../../../problem/problem.ts";
import type { IstioObjects } from "./istio-objects.ts";
import { encodeTable, fingerprintOf, renderTable, type RenderedTable } from "./render-table.ts";
import type { RouteBook } from "./route-book.ts";
import { storedTableName, type Scope } from "./scope.ts";
import { select, type Selection } from "./selection.ts";

export interface ScopeTablesOptions {
  readonly store: ResourceStore;
  readonly book: RouteBook;
  readonly objects: () => IstioObjects;
  /** DNS suffix of Services. */
  readonly clusterDomain: string;
  /** Headers between sidecars count only with a certificate. */
  readonly peersOnly: boolean;
  /** The filter's Wasm. */
  readonly code: Uint8Array;
  readonly nextGeneration: () => bigint;
  readonly clock: Clock;
  /** Shortest time between two tables of a scope: each costs every proxy a start of its VM. Default 1000. */
  readonly intervalMs?: number;
  /** How long a table that nobody asks for any more is kept. Default 60,000. */
  readonly retainMs?: number;
  /** Largest table; default and most MAX_TABLE_BYTES. */
  readonly maxTableBytes?: number;
  /** Scopes at most; who asks for another is sent away. Default 5000. */
  readonly maxScopes?: number;
  /** Scopes of one namespace at most, so that none takes the room of others. Default 500. */
  readonly maxScopesPerNamespace?: number;
  /** Told of every new table, and when what it says became known (monotonic milliseconds). */
  readonly onTable?: (version: string, sinceMs: number) => void;
  /** Told when a table says more of the book than before, or other deployments: of those that changed after this revision. */
  readonly onProgress: (scope: ScopeTable, since: number) => void;
  /** Told of deployments of which tables leave out other versions than before, or other deployments. */
  readonly onProblems: (keys: readonly string[]) => void;
  readonly onFault: (error: unknown) => void;
}

/** A table that proxies ask for. */
export interface ScopeTable {
  readonly scope: Scope;
  readonly storedName: string;
  /** Streams that ask for it. */
  readonly streams: ReadonlySet<number>;
  readonly selection: Selection | undefined;
  /** The revision in which it was told to hold other deployments than before. */
  readonly selectedAt: number;
  /** Up to which revision of the book a version of it says everything but what it leaves out; undefined: long gone. */
  revisionOf(version: string): number | undefined;
  /** Deployments whose newest a version of it does not say, by key; none of one that is long gone. */
  leftOutOf(version: string): ReadonlyMap<string, Problem>;
}

/** The tables of all scopes that somebody asks for. */
export interface ScopeTables {
  /** Why there is no room for the scope; undefined: there is. */
  shortage(scope: Scope): string | undefined;
  join(stream: number, scope: Scope): void;
  leave(stream: number, scope: Scope): void;
  all(): Iterable<ScopeTable>;
  get(scope: Scope): ScopeTable | undefined;
  /** Some tables of these roles may be out of date. */
  changed(concerns: (scope: Scope) => boolean): void;
  /** The cluster is known: renders what was asked for up to now. Nothing is rendered before. */
  begin(): void;
  /** Of the deployments that tables have left out, by key. */
  problemsOf(key: string): readonly Problem[];
  stop(): void;
}

/** A version whose answers may still be under way. */
interface KnownVersion {
  readonly revision: number;
  readonly leftOut: ReadonlyMap<string, Problem>;
}

const NOBODY: ReadonlyMap<string, Problem> = new Map();

interface State extends ScopeTable {
  readonly streams: Set<number>;
  selection: Selection | undefined;
  selectedAt: number;
  readonly versions: Map<string, KnownVersion>;
  served: { readonly version: string; readonly generation: bigint } | undefined;
  /** Of deployments that it leaves out, by key. */
  problems: ReadonlyMap<string, Problem>;
  /** When the first change became known that it does not say yet. */
  dirtySinceMs: number | undefined;
  /** Before this no other table goes out. */
  notBeforeMs: number;
  cancelDrop: (() => void) | undefined;
}

/** Versions of a table whose answers may still be under way. */
const REMEMBERED_VERSIONS = 16;

export function createScopeTables(options: ScopeTablesOptions): ScopeTables {
  const { store, book, clock, intervalMs = 1000, retainMs = 60_000 } = options;
  const { maxScopes = 5000, maxScopesPerNamespace = 500 } = options;
  const states = new Map<string, State>();
  /** How many of them are of a namespace. */
  const counts = new Map<string, number>();
  /** By version: what was encoded last, for all scopes with the same contents. */
  const encoded = new Map<string, { readonly generation: bigint; readonly resource: EncodedResource }>();
  /** By the id of a selection: plans as they stand in its table. */
  const stood = new Map<string, readonly DeploymentPlan[]>();
  const codeVersion = versionOf(options.code);
  let isBegun = false;
  let timer: { readonly atMs: number; readonly cancel: () => void } | undefined;

  function shortage(scope: Scope): string | undefined {
    if (states.has(storedTableName(scope))) return undefined;
    if (states.size >= maxScopes) return `there are too many different proxies: more than ${String(maxScopes)}`;
    if ((counts.get(scope.namespace) ?? 0) < maxScopesPerNamespace) return undefined;
    return `namespace ${scope.namespace} has too many different proxies: more than ${String(maxScopesPerNamespace)}`;
  }

  function add(scope: Scope): State {
    counts.set(scope.namespace, (counts.get(scope.namespace) ?? 0) + 1);
    const versions = new Map<string, KnownVersion>();
    const state: State = {
      scope,
      storedName: storedTableName(scope),
      streams: new Set(),
      selection: undefined,
      selectedAt: 0,
      versions,
      revisionOf: (version) => versions.get(version)?.revision,
      leftOutOf: (version) => versions.get(version)?.leftOut ?? NOBODY,
      served: undefined,
      problems: new Map(),
      dirtySinceMs: clock.monotonicMs(),
      notBeforeMs: -Infinity,
      cancelDrop: undefined,
    };
    states.set(state.storedName, state);
    return state;
  }

  function drop(state: State): void {
    states.delete(state.storedName);
    const { namespace } = state.scope;
    const left = (counts.get(namespace) ?? 0) - 1;
    if (left > 0) counts.set(namespace, left);
    else counts.delete(namespace);
    store.apply({ set: [], remove: [{ typeUrl: TYPE.filterConfig, name: state.storedName }] });
    forgetUnused();
    noteProblems(state, new Map());
  }

  function forgetUnused(): void {
    const used = new Set([...states.values()].map(({ served }) => served?.version));
    for (const version of encoded.keys()) if (!used.has(version)) encoded.delete(version);
    const selected = new Set([...states.values()].map(({ selection }) => selection?.id));
    for (const id of stood.keys()) if (!selected.has(id)) stood.delete(id);
  }

  function noteProblems(state: State, problems: State["problems"]): void {
    const before = state.problems;
    state.problems = problems;
    const keys = [...new Set([...before.keys(), ...problems.keys()])];
    const changed = keys.filter((key) => before.get(key)?.message !== problems.get(key)?.message);
    if (changed.length > 0) options.onProblems(changed);
  }

  interface Made {
    readonly table: RenderedTable;
    readonly version: string;
    readonly problems: State["problems"];
  }

  /** Scopes of one flush that select the same share what is rendered. */
  type Rendered = Map<string, Made>;

  function renderFor(state: State, selection: Selection, rendered: Rendered): Made {
    const known = rendered.get(selection.id);
    if (known !== undefined) return known;
    const standing = stood.get(selection.id) ?? stood.get(state.selection?.id ?? "");
    const plans = book.plans().filter((plan) => selection.includes(plan));
    const { callerNamespace } = selection;
    const table = renderTable(plans, {
      role: state.scope.role,
      peersOnly: options.peersOnly,
      ...(standing === undefined ? {} : { standing }),
      ...(options.maxTableBytes === undefined ? {} : { maxBytes: options.maxTableBytes }),
      ...(callerNamespace === undefined ? {} : { callerNamespace }),
    });
    const problems = new Map(table.problems.map((one) => [one.object, one]));
    const made = { table, version: fingerprintOf(table, codeVersion), problems };
    rendered.set(selection.id, made);
    stood.set(selection.id, table.standing);
    return made;
  }

  /** A number above that of the table before, also when contents return that were there already: proxies go by it. */
  function encode(
    state: State,
    table: RenderedTable,
    version: string,
  ): { generation: bigint; resource: EncodedResource } {
    const known = encoded.get(version);
    if (known !== undefined && known.generation > (state.served?.generation ?? -1n)) return known;
    const generation = options.nextGeneration();
    const name = state.storedName;
    const made = { generation, resource: encodeTable(table, { name, version, generation, code: options.code }) };
    encoded.set(version, made);
    return made;
  }

  /** The resource to set, if there is a new one. */
  function refresh(state: State, rendered: Rendered): EncodedResource | undefined {
    const sinceMs = state.dirtySinceMs ?? clock.monotonicMs();
    const selection = select(state.scope, book, options.objects(), options.clusterDomain);
    const { table, version, problems } = renderFor(state, selection, rendered);
    state.dirtySinceMs = undefined;
    const since = state.served === undefined ? 0 : (state.revisionOf(state.served.version) ?? 0);
    if (selection.id !== state.selection?.id) state.selectedAt = book.revision;
    state.selection = selection;
    noteProblems(state, problems);
    remember(state, version);
    options.onProgress(state, state.selectedAt === book.revision ? 0 : since);
    if (state.served?.version === version) return undefined;
    const { generation, resource } = encode(state, table, version);
    state.served = { version, generation };
    state.notBeforeMs = clock.monotonicMs() + intervalMs;
    options.onTable?.(version, sinceMs);
    return { ...resource, name: state.storedName };
  }

  function remember({ versions, problems }: State, version: string): void {
    versions.delete(version); // a map keeps its order: the newest stands last
    versions.set(version, { revision: book.revision, leftOut: problems });
    const [oldest] = versions.keys();
    if (versions.size > REMEMBERED_VERSIONS && oldest !== undefined) versions.delete(oldest);
  }

  function flush(): void {
    timer = undefined;
    const nowMs = clock.monotonicMs();
    const rendered: Rendered = new Map();
    const set: EncodedResource[] = [];
    for (const state of states.values()) {
      if (state.dirtySinceMs === undefined || state.notBeforeMs > nowMs) continue;
      try {
        const resource = refresh(state, rendered);
        if (resource !== undefined) set.push(resource);
      } catch (error) {
        state.dirtySinceMs ??= nowMs;
        state.notBeforeMs = nowMs + intervalMs;
        options.onFault(error);
      }
    }
    forgetUnused();
    if (set.length > 0) store.apply({ set, remove: [] });
    schedule();
  }

  /** One timer for all: changes that come in one turn of the event loop go out together. */
  function schedule(): void {
    if (!isBegun) return;
    let atMs = Infinity;
    for (const { dirtySinceMs, notBeforeMs } of states.values())
      if (dirtySinceMs !== undefined) atMs = Math.min(atMs, Math.max(notBeforeMs, dirtySinceMs));
    if (atMs === Infinity || (timer !== undefined && timer.atMs <= atMs)) return;
    timer?.cancel();
    timer = { atMs, cancel: clock.after(Math.max(0, atMs - clock.monotonicMs()), flush) };
  }

  return {
    shortage,
    join(stream, scope) {
      if (shortage(scope) !== undefined) return;
      const state = states.get(storedTableName(scope)) ?? add(scope);
      state.cancelDrop?.();
      state.cancelDrop = undefined;
      state.streams.add(stream);
      // At once, so that the first answer has it.
      if (isBegun && state.served === undefined) flush();
      else schedule();
    },
    leave(stream, scope) {
      const state = states.get(storedTableName(scope));
      if (state?.streams.delete(stream) !== true || state.streams.size > 0) return;
      state.cancelDrop = clock.after(retainMs, () => {
        drop(state);
      });
    },
    all: () => states.values(),
    get: (scope) => states.get(storedTableName(scope)),
    changed(concerns) {
      const nowMs = clock.monotonicMs();
      for (const state of states.values()) if (concerns(state.scope)) state.dirtySinceMs ??= nowMs;
      schedule();
    },
    begin() {
      isBegun = true;
      flush();
    },
    problemsOf(key) {
      const found = new Map<string, Problem>();
      for (const problems of new Set([...states.values()].map((state) => state.problems))) {
        const one = problems.get(key);
        if (one !== undefined) found.set(one.message, one);
      }
      return [...found.values()];
    },
    stop() {
      isBegun = false;
      timer?.cancel();
      for (const state of states.values()) state.cancelDrop?.();
    },
  };
}
