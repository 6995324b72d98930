import type { ProgrammedCount } from "../../../deliver/programmed/programmed.ts";
import { readMeshNode } from "../../../deliver/xds-identity/mesh-node.ts";
import { ROLES_OF } from "../../../deliver/xds-identity/mesh-views.ts";
import { tooOld } from "../../../deliver/xds-identity/proxy-age.ts";
import type { XdsEvent } from "../../../deliver/xds-server/events.ts";
import type { XdsNode } from "../../../deliver/xds-server/node-view.ts";
import { filterName } from "../../../render/xds/filter-config.ts";
import { TYPE } from "../../../render/xds/type-urls.ts";
import type { RouteBook } from "./route-book.ts";
import { scopeOf, type Scope } from "./scope.ts";
import type { ScopeTable, ScopeTables } from "./scope-tables.ts";

/**
 * Which deployments the proxies have taken in. A table holds many and changes for each of them, so what counts is not whether a
 * proxy has the newest table, but whether it has one that says the newest of a deployment.
 */
export interface Acceptance {
  onEvent(event: XdsEvent): void;
  /** Undefined: no proxy asks for a table with it. */
  count(key: string): ProgrammedCount | undefined;
  /** Why proxies did not take in the newest of a deployment: Envoy's words. */
  refusals(key: string): readonly string[];
  /** Why proxies that ask for a table with it are too old for it. */
  tooOld(key: string): readonly string[];
}

/** What one stream said of one table last. */
interface Answers {
  readonly scope: Scope;
  /** Why its proxy is too old. */
  readonly tooOld: string | undefined;
  accepted: string | undefined;
  refused: { readonly version: string; readonly message: string } | undefined;
}

export interface AcceptanceOptions {
  readonly book: RouteBook;
  readonly tables: Pick<ScopeTables, "join" | "leave" | "all" | "get">;
  /** Called when deployments of the table that changed after the revision may count otherwise, and those with these keys. */
  readonly onProgress: (table: ScopeTable, since: number, keys: Iterable<string>) => void;
}

export function createAcceptance({ book, tables, onProgress }: AcceptanceOptions): Acceptance {
  /** Stream -> name on the wire -> answers. */
  const streams = new Map<number, Map<string, Answers>>();

  function subscribe(stream: number, node: XdsNode, wanted: ReadonlySet<string>): void {
    const known = streams.get(stream) ?? new Map<string, Answers>();
    for (const [name, { scope }] of known) {
      if (wanted.has(name)) continue;
      known.delete(name);
      leave(stream, scope);
    }
    const proxy = readMeshNode(node);
    if (proxy === undefined) return;
    for (const role of ROLES_OF[proxy.kind]) {
      const name = filterName(role);
      if (!wanted.has(name) || known.has(name)) continue;
      const scope = scopeOf(proxy, role);
      known.set(name, { scope, tooOld: tooOld(node), accepted: undefined, refused: undefined });
      tables.join(stream, scope);
      progress(scope, 0);
    }
    if (known.size > 0) streams.set(stream, known);
  }

  function leave(stream: number, scope: Scope): void {
    tables.leave(stream, scope);
    progress(scope, 0);
  }

  function progress(scope: Scope, since: number, keys: Iterable<string> = []): void {
    const table = tables.get(scope);
    if (table !== undefined) onProgress(table, since, keys);
  }

  function answered({ kind, peer, resources, ...event }: Extract<XdsEvent, { kind: "ack" | "nack" }>): void {
    for (const { name, version } of resources) {
      const answers = streams.get(peer.stream)?.get(name);
      if (answers === undefined) continue;
      const table = tables.get(answers.scope);
      const since = revisionOf(table, answers.accepted);
      const leftOut = leftOutOf(table, answers.accepted);
      if (kind === "ack") {
        answers.accepted = version;
        answers.refused = undefined;
      } else answers.refused = { version, message: "message" in event ? event.message : "" };
      progress(answers.scope, since, leftOut.keys());
    }
  }

  /** Calls back for every stream that asks for a table with the deployment, with what it has and what it should have. */
  function eachHolder(key: string, visit: (answers: Answers, hasNewest: boolean, table: ScopeTable) => void): void {
    const plan = book.plan(key);
    if (plan === undefined) return;
    for (const table of tables.all()) {
      if (table.streams.size === 0 || table.selection?.includes(plan) !== true) continue;
      const needed = Math.max(book.changedAt(key), table.selectedAt);
      for (const stream of table.streams) {
        const answers = streams.get(stream)?.get(filterName(table.scope.role));
        if (answers === undefined) continue;
        const { accepted } = answers;
        visit(answers, revisionOf(table, accepted) >= needed && !leftOutOf(table, accepted).has(key), table);
      }
    }
  }

  return {
    onEvent(event) {
      switch (event.kind) {
        case "connect":
          return;
        case "subscribe":
          if (event.typeUrl === TYPE.filterConfig) subscribe(event.peer.stream, event.peer.node, new Set(event.names));
          return;
        case "ack":
        case "nack":
          if (event.typeUrl === TYPE.filterConfig) answered(event);
          return;
        case "disconnect":
          subscribe(event.peer.stream, event.peer.node, new Set());
          streams.delete(event.peer.stream);
          return;
      }
    },
    count(key) {
      let subscribed = 0;
      let accepted = 0;
      eachHolder(key, (_, hasNewest) => {
        subscribed += 1;
        if (hasNewest) accepted += 1;
      });
      return subscribed === 0 ? undefined : { accepted, subscribed };
    },
    refusals(key) {
      const found = new Set<string>();
      eachHolder(key, ({ refused }, hasNewest, table) => {
        if (hasNewest || refused === undefined || leftOutOf(table, refused.version).has(key)) return;
        found.add(refused.message);
      });
      return [...found];
    },
    tooOld(key) {
      const found = new Set<string>();
      eachHolder(key, (answers) => {
        if (answers.tooOld !== undefined) found.add(answers.tooOld);
      });
      return [...found];
    },
  };
}

/** 0: nothing, or nothing that is still remembered. */
function revisionOf(table: ScopeTable | undefined, version: string | undefined): number {
  return version === undefined ? 0 : (table?.revisionOf(version) ?? 0);
}

const NOBODY: ReadonlyMap<string, unknown> = new Map();

/** Deployments whose newest it does not say, by key. */
function leftOutOf(table: ScopeTable | undefined, version: string | undefined): ReadonlyMap<string, unknown> {
  return version === undefined ? NOBODY : (table?.leftOutOf(version) ?? NOBODY);
}
