import type { EncodedResource } from "../../render/xds/resource.ts";

/** Names a resource. */
export type ResourceKey = Pick<EncodedResource, "typeUrl" | "name">;

/** A batch that is seen as a whole or not at all. A key both set and removed is set. */
export interface ResourceChanges {
  readonly set: readonly EncodedResource[];
  readonly remove: readonly ResourceKey[];
}

/** Names that were set or removed, by type URL. */
export type ChangedNames = ReadonlyMap<string, ReadonlySet<string>>;

/** Everything there is to serve: type -> name -> resource. */
export interface ResourceStore {
  get(typeUrl: string, name: string): EncodedResource | undefined;
  /** The names of a type, in no order; not to be kept across an `apply`. */
  names(typeUrl: string): Iterable<string>;
  /** Applies a batch; listeners are told at once, and only of what really changed. */
  apply(changes: ResourceChanges): void;
  /** Calls `listener` after every batch that changed something; returns how to stop it. */
  onChange(listener: (changed: ChangedNames) => void): () => void;
}

/** An empty store. */
export function createResourceStore(): ResourceStore {
  const byType = new Map<string, Map<string, EncodedResource>>();
  const listeners = new Set<(changed: ChangedNames) => void>();

  function ofType(typeUrl: string): Map<string, EncodedResource> {
    const found = byType.get(typeUrl);
    if (found !== undefined) return found;
    const made = new Map<string, EncodedResource>();
    byType.set(typeUrl, made);
    return made;
  }

  return {
    get: (typeUrl, name) => byType.get(typeUrl)?.get(name),
    names: (typeUrl) => byType.get(typeUrl)?.keys() ?? [],
    apply({ set, remove }) {
      const changed = new Map<string, Set<string>>();
      const before = new Map<string, EncodedResource | undefined>();
      for (const { typeUrl, name } of [...remove, ...set]) {
        const key = `${typeUrl} ${name}`;
        if (!before.has(key)) before.set(key, byType.get(typeUrl)?.get(name));
      }
      for (const { typeUrl, name } of remove) byType.get(typeUrl)?.delete(name);
      for (const resource of set) ofType(resource.typeUrl).set(resource.name, resource);
      for (const { typeUrl, name } of [...remove, ...set]) {
        if (before.get(`${typeUrl} ${name}`)?.version === byType.get(typeUrl)?.get(name)?.version) continue;
        const names = changed.get(typeUrl) ?? new Set<string>();
        changed.set(typeUrl, names.add(name));
      }
      if (changed.size > 0) for (const listener of listeners) listener(changed);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
