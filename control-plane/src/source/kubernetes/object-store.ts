import { keyOf, type KubernetesObject, type ObjectKey } from "../../kubernetes-api/object.ts";
import { compareVersions } from "../../kubernetes-api/resource-version.ts";

/** What happened to one object; `object` is absent when it is gone. */
export interface Change {
  readonly key: ObjectKey;
  readonly object: KubernetesObject | undefined;
  readonly before: KubernetesObject | undefined;
}

/** Objects of one kind by namespace, name and owner. Answers with what a step changed; tells nobody. */
export interface ObjectStore {
  readonly size: number;
  get(key: ObjectKey): KubernetesObject | undefined;
  list(namespace?: string): readonly KubernetesObject[];
  ownedBy(uid: string): readonly KubernetesObject[];
  /** Takes in an added or modified object; undefined when it is known or out of date. */
  upsert(object: KubernetesObject): Change | undefined;
  /** Takes in a deletion; undefined when the object was made anew since. */
  remove(object: KubernetesObject): Change | undefined;
  /**
   * Takes in a whole listing of version `listed`. What the listing lacks is gone, unless it is newer than the listing.
   * `backwards`: the server's history was rewound (etcd restored): the listing alone counts.
   */
  replaceAll(objects: readonly KubernetesObject[], listed: string, backwards: boolean): readonly Change[];
}

export function createObjectStore(): ObjectStore {
  const namespaces = new Map<string, Map<string, KubernetesObject>>();
  const owners = new Map<string, Set<KubernetesObject>>();
  let size = 0;

  function get({ namespace, name }: ObjectKey): KubernetesObject | undefined {
    return namespaces.get(namespace)?.get(name);
  }

  function set(object: KubernetesObject): Change {
    const key = keyOf(object);
    const before = get(key);
    if (before === undefined) size++;
    else unlink(before);
    const names = namespaces.get(key.namespace) ?? new Map<string, KubernetesObject>();
    namespaces.set(key.namespace, names.set(key.name, object));
    link(object);
    return { key, object, before };
  }

  function drop(before: KubernetesObject): Change {
    const key = keyOf(before);
    const names = namespaces.get(key.namespace);
    names?.delete(key.name);
    if (names?.size === 0) namespaces.delete(key.namespace);
    unlink(before);
    size--;
    return { key, object: undefined, before };
  }

  function link(object: KubernetesObject): void {
    const uid = controllerOf(object);
    if (uid === undefined) return;
    const owned = owners.get(uid);
    if (owned === undefined) owners.set(uid, new Set([object]));
    else owned.add(object);
  }

  function unlink(object: KubernetesObject): void {
    const uid = controllerOf(object);
    const owned = uid === undefined ? undefined : owners.get(uid);
    owned?.delete(object);
    if (uid !== undefined && owned?.size === 0) owners.delete(uid);
  }

  function all(): readonly KubernetesObject[] {
    return [...namespaces.values()].flatMap((names) => [...names.values()]);
  }

  return {
    get size() {
      return size;
    },
    get,
    list: (namespace) => (namespace === undefined ? all() : [...(namespaces.get(namespace)?.values() ?? [])]),
    ownedBy: (uid) => [...(owners.get(uid) ?? [])],

    upsert: (object) => {
      const before = get(keyOf(object));
      return before !== undefined && !isNewer(object, before) ? undefined : set(object);
    },

    remove: (object) => {
      const before = get(keyOf(object));
      if (before === undefined) return undefined;
      const order = compareVersions(versionOf(object), versionOf(before));
      const madeAnew = order === undefined ? before.metadata.uid !== object.metadata.uid : order < 0;
      return madeAnew ? undefined : drop(before);
    },

    replaceAll: (objects, listed, backwards) => {
      const changes: Change[] = [];
      const seen = new Set<KubernetesObject>();
      for (const object of objects) {
        const before = get(keyOf(object));
        if (before === undefined || backwards ? versionOf(before) !== versionOf(object) : isNewer(object, before)) {
          changes.push(set(object));
          seen.add(object);
        } else if (before !== undefined) {
          seen.add(before);
        }
      }
      for (const object of all()) {
        if (seen.has(object)) continue;
        const isNewerThanListing = (compareVersions(versionOf(object), listed) ?? -1) > 0;
        if (backwards || !isNewerThanListing) changes.push(drop(object));
      }
      return changes;
    },
  };
}

function controllerOf(object: KubernetesObject): string | undefined {
  return object.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
}

function versionOf(object: KubernetesObject | undefined): string | undefined {
  return object?.metadata.resourceVersion;
}

/** The server's order of events counts where versions cannot be compared. */
function isNewer(object: KubernetesObject, before: KubernetesObject): boolean {
  const order = compareVersions(versionOf(object), versionOf(before));
  return order === undefined || order > 0;
}
