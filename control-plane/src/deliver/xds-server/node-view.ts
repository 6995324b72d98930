import type { EncodedResource } from "../../render/xds/resource.ts";
import type { ResourceStore } from "./resource-store.ts";
import type { JsonObject } from "../../render/xds/resource.ts";

/** Who a client says it is; a claim, not a proof. */
export interface XdsNode {
  readonly id: string;
  readonly cluster: string;
  readonly metadata: JsonObject;
  /** Of an Envoy: its version, such as `1.40.0`. */
  readonly envoyVersion?: string;
}

/** Which resources one node may have, and under which names. */
export interface NodeView {
  /** True when the node may have the resource of this name in the store. */
  sees(typeUrl: string, storedName: string): boolean;
  /**
   * Names that mean something else to this node: type URL -> name on the wire -> name in the store. Each node can so
   * have a `graphway.gateway` of its own. A stored name that is aliased is not seen under its own name.
   */
  readonly aliases?: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** How a stream came to us. */
export interface XdsConnection {
  /** IP address of the other end of the connection; empty: none, as of a socket file. */
  readonly address: string;
  /** All values of one header of the request, in order. */
  headers(name: string): readonly string[];
}

/**
 * What a node may see; undefined refuses its stream. `header` reads the request's metadata, such as `authorization`. A
 * node's word about itself is a claim. Whoever has to ask others first answers with a promise; what it rejects with, or what is
 * thrown, ends the stream (StreamRefused: with its code).
 */
export type ViewFor = (
  node: XdsNode,
  header: (name: string) => string | undefined,
  connection?: XdsConnection,
) => NodeView | undefined | Promise<NodeView | undefined>;

/** The view of a node that may have everything. */
export const SEES_ALL: NodeView = { sees: () => true };

/** The resources of one type as one node sees them. */
export interface VisibleResources {
  get(name: string): EncodedResource | undefined;
  names(): Iterable<string>;
  /** Names, as the node knows them, of stored resources that changed. */
  changed(storedNames: ReadonlySet<string>): readonly string[];
}

/** Reads the store through a view. */
export function visibleResources(store: ResourceStore, view: NodeView, typeUrl: string): VisibleResources {
  const aliases = view.aliases?.get(typeUrl) ?? new Map<string, string>();
  const aliased = new Set(aliases.values());
  const isPlain = (name: string): boolean => !aliases.has(name) && !aliased.has(name);
  const resolve = (name: string): EncodedResource | undefined => {
    const stored = aliases.get(name) ?? (aliased.has(name) ? undefined : name);
    return stored !== undefined && view.sees(typeUrl, stored) ? store.get(typeUrl, stored) : undefined;
  };
  return {
    get: resolve,
    *names() {
      for (const name of aliases.keys()) if (resolve(name) !== undefined) yield name;
      for (const name of store.names(typeUrl)) if (isPlain(name) && view.sees(typeUrl, name)) yield name;
    },
    changed(storedNames) {
      const names = [...storedNames].filter((name) => isPlain(name) && view.sees(typeUrl, name));
      for (const [name, stored] of aliases) if (storedNames.has(stored)) names.push(name);
      return names;
    },
  };
}
