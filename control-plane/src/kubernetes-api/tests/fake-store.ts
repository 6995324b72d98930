import { randomUUID } from "node:crypto";
import { keyOf, type KubernetesObject, type ObjectKey } from "../object.ts";
import { RESOURCE, type ResourceType } from "../resource-types.ts";
import { applyFields, managedFieldsOf, same, type Ownership } from "./fake-apply.ts";
import { Refusal } from "./fake-status.ts";

/** What the fake server's history remembers. */
export interface HistoryEntry {
  readonly version: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly resource: ResourceType;
  readonly object: KubernetesObject;
  readonly before: KubernetesObject | undefined;
}

interface Stored {
  readonly object: KubernetesObject;
  readonly owners: Ownership;
}

/** All objects of one moment. */
export type StoreSnapshot = ReadonlyMap<string, ReadonlyMap<string, unknown>>;

/** Kinds whose `status` is written by itself. */
const WITH_STATUS = new Set<string>(
  [
    RESOURCE.seldonDeployment,
    RESOURCE.routePolicy,
    RESOURCE.deployment,
    RESOURCE.service,
    RESOURCE.horizontalPodAutoscaler,
    RESOURCE.podDisruptionBudget,
    RESOURCE.scaledObject,
    RESOURCE.pod,
  ].map(({ plural }) => plural),
);

/** Asked before every write; throw a Refusal to say no. */
export type Admit = (write: {
  readonly type: ResourceType;
  readonly object: KubernetesObject;
  readonly before: KubernetesObject | undefined;
}) => void;

/** The objects of the fake server, with versions, history and identities as a real one has them. */
export class FakeStore {
  /** Of the whole server: one more with every change. */
  version = 1000;
  /** Versions older than this are forgotten. */
  compacted = 0;
  history: HistoryEntry[] = [];
  readonly #kinds = new Map<string, Map<string, Stored>>();
  readonly #listeners = new Set<(entry: HistoryEntry) => void>();
  readonly #admit: Admit;

  constructor(admit: Admit = () => undefined) {
    this.#admit = admit;
  }

  /** Makes or replaces an object, status and all, as if someone else had. */
  put(type: ResourceType, object: KubernetesObject): KubernetesObject {
    const before = this.#find(type, keyOf(object));
    const whole =
      before === undefined ? object : { ...object, metadata: { ...before.object.metadata, ...object.metadata } };
    return this.#save(type, before, whole, before?.owners, false);
  }

  get(type: ResourceType, key: ObjectKey): KubernetesObject | undefined {
    return this.#find(type, key)?.object;
  }

  /** By namespace and name. */
  list(type: ResourceType, namespace?: string): readonly KubernetesObject[] {
    return [...(this.#kinds.get(typeKey(type)) ?? new Map<string, Stored>())]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { object }]) => object)
      .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
  }

  delete(type: ResourceType, key: ObjectKey, uid?: string): KubernetesObject {
    const before = this.#existing(type, key);
    if (uid !== undefined && before.object.metadata.uid !== uid) {
      throw new Refusal(409, "Conflict", `the UID in the precondition (${uid}) does not match the UID in record`);
    }
    if ((before.object.metadata.finalizers ?? []).length > 0) {
      const deletionTimestamp = new Date().toISOString();
      return this.#save(type, before, {
        ...before.object,
        metadata: { deletionTimestamp, ...before.object.metadata },
      });
    }
    return this.#remove(type, before.object);
  }

  create(type: ResourceType, object: KubernetesObject): KubernetesObject {
    if (this.#find(type, keyOf(object)) !== undefined) {
      throw new Refusal(409, "AlreadyExists", `${type.plural} "${object.metadata.name}" already exists`);
    }
    return this.#save(type, undefined, hasStatus(type) ? without(object, "status") : object);
  }

  replace(type: ResourceType, object: KubernetesObject, subresource?: string): KubernetesObject {
    const before = this.#existing(type, keyOf(object));
    const { uid } = object.metadata;
    checkVersion(before.object, object);
    if (uid !== undefined && uid !== before.object.metadata.uid) throw uidConflict(uid);
    return this.#save(type, before, withinSubresource(type, before.object, object, subresource));
  }

  change(
    type: ResourceType,
    key: ObjectKey,
    edit: (object: KubernetesObject) => unknown,
    subresource?: string,
  ): KubernetesObject {
    const before = this.#existing(type, key);
    const after = edit(before.object) as KubernetesObject;
    checkVersion(before.object, after);
    return this.#save(type, before, withinSubresource(type, before.object, after, subresource));
  }

  apply(
    type: ResourceType,
    key: ObjectKey,
    object: KubernetesObject,
    options: {
      readonly manager: string;
      readonly force: boolean;
      readonly dryRun: boolean;
      readonly subresource?: string;
    },
  ): { readonly object: KubernetesObject; readonly created: boolean } {
    const before = options.subresource === undefined ? this.#find(type, key) : this.#existing(type, key);
    const { uid } = object.metadata;
    if (uid !== undefined && uid !== before?.object.metadata.uid) throw uidConflict(uid);
    if (object.metadata.managedFields !== undefined) {
      throw new Refusal(400, "BadRequest", "metadata.managedFields must be nil");
    }
    const manager = options.subresource === undefined ? options.manager : `${options.manager}/${options.subresource}`;
    const applied = applyFields(before?.object, before?.owners ?? new Map(), object, manager, options.force);
    const after = withinSubresource(type, before?.object, applied.object, options.subresource);
    if (options.dryRun) return { object: after, created: before === undefined };
    return { object: this.#save(type, before, after, applied.owners), created: before === undefined };
  }

  /** Forgets the history: watches from before start with 410, pages of lists expire. */
  compact(): void {
    this.compacted = this.version;
    this.history = [];
  }

  snapshot(): StoreSnapshot {
    return new Map([...this.#kinds].map(([kind, objects]) => [kind, new Map(objects)]));
  }

  /** Goes back to how all was, as an etcd that is restored under a stopped server, but later in time. Tells nobody. */
  restore(snapshot: StoreSnapshot): void {
    this.#kinds.clear();
    for (const [kind, objects] of snapshot) this.#kinds.set(kind, new Map(objects as ReadonlyMap<string, Stored>));
    this.version++;
    this.compact();
  }

  onEntry(listener: (entry: HistoryEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #find(type: ResourceType, key: ObjectKey): Stored | undefined {
    return this.#kinds.get(typeKey(type))?.get(nameKey(key));
  }

  #existing(type: ResourceType, key: ObjectKey): Stored {
    const found = this.#find(type, key);
    if (found === undefined) throw new Refusal(404, "NotFound", `${type.plural} "${key.name}" not found`);
    return found;
  }

  /** Writes, unless nothing changes. */
  #save(
    type: ResourceType,
    before: Stored | undefined,
    wanted: KubernetesObject,
    owners: Ownership = before?.owners ?? new Map(),
    admitted = true,
  ): KubernetesObject {
    if (admitted) this.#admit({ type, object: wanted, before: before?.object });
    const old = before?.object.metadata;
    const isSpecSame = before !== undefined && same(specOf(before.object), specOf(wanted));
    const managedFields = managedFieldsOf(owners) ?? [];
    const object: KubernetesObject = {
      ...wanted,
      apiVersion: type.apiVersion,
      kind: type.kind,
      metadata: {
        ...wanted.metadata,
        uid: old?.uid ?? wanted.metadata.uid ?? randomUUID(),
        generation: (old?.generation ?? 0) + (isSpecSame ? 0 : 1),
        creationTimestamp: old?.creationTimestamp ?? wanted.metadata.creationTimestamp ?? new Date().toISOString(),
        ...(managedFields.length === 0 ? {} : { managedFields }),
      },
    };
    if (before !== undefined && same(unversioned(before.object), unversioned(object))) return before.object;
    this.version++;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.version) } };
    const kind = this.#kinds.get(typeKey(type)) ?? new Map<string, Stored>();
    this.#kinds.set(typeKey(type), kind.set(nameKey(keyOf(stored)), { object: stored, owners }));
    const isFreed = stored.metadata.deletionTimestamp !== undefined && (stored.metadata.finalizers ?? []).length === 0;
    if (isFreed) return this.#remove(type, stored);
    this.#tell(before === undefined ? "ADDED" : "MODIFIED", type, stored, before?.object);
    return stored;
  }

  #remove(type: ResourceType, before: KubernetesObject): KubernetesObject {
    this.#kinds.get(typeKey(type))?.delete(nameKey(keyOf(before)));
    this.version++;
    const object = { ...before, metadata: { ...before.metadata, resourceVersion: String(this.version) } };
    this.#tell("DELETED", type, object, before);
    return object;
  }

  #tell(
    type: HistoryEntry["type"],
    resource: ResourceType,
    object: KubernetesObject,
    before: KubernetesObject | undefined,
  ): void {
    const entry: HistoryEntry = { version: this.version, type, resource, object, before };
    this.history.push(entry);
    for (const listener of this.#listeners) listener(entry);
  }
}

export function typeKey(type: ResourceType): string {
  return `${type.apiVersion}/${type.plural}`;
}

function nameKey({ namespace, name }: ObjectKey): string {
  return `${namespace}/${name}`;
}

function hasStatus(type: ResourceType): boolean {
  return WITH_STATUS.has(type.plural);
}

/** A write that says of which version it is must be of the newest. */
function checkVersion(before: KubernetesObject, { metadata: { resourceVersion } }: KubernetesObject): void {
  if (resourceVersion === undefined || resourceVersion === before.metadata.resourceVersion) return;
  throw new Refusal(409, "Conflict", "the object has been modified; please apply your changes to the latest version");
}

function uidConflict(uid: string): Refusal {
  return new Refusal(409, "Conflict", `Precondition failed: UID in precondition: ${uid}`);
}

/** A write to `/status` changes the status only, one to the object all but the status. */
function withinSubresource(
  type: ResourceType,
  before: KubernetesObject | undefined,
  after: KubernetesObject,
  subresource: string | undefined,
): KubernetesObject {
  if (subresource === "scale") {
    const { replicas } = (after["spec"] ?? {}) as { readonly replicas?: unknown };
    return { ...(before ?? after), spec: { ...(before?.["spec"] as object | undefined), replicas } };
  }
  if (subresource === "status") return { ...(before ?? after), status: after["status"] };
  if (!hasStatus(type)) return after;
  const rest = without(after, "status");
  return before?.["status"] === undefined ? rest : { ...rest, status: before["status"] };
}

function specOf(object: KubernetesObject): unknown {
  return without(object, "metadata", "status");
}

function without(object: KubernetesObject, ...fields: readonly string[]): KubernetesObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !fields.includes(name))) as KubernetesObject;
}

function unversioned(object: KubernetesObject): unknown {
  return { ...object, metadata: { ...object.metadata, resourceVersion: "" } };
}
