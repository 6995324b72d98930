import type { KubernetesObject } from "../object.ts";
import { Refusal } from "./fake-status.ts";

/** Path of a field, its names as JSON. Maps are merged, lists are fields as a whole. */
type FieldPath = string;
/** The fields of one object by manager. */
export type Ownership = ReadonlyMap<string, ReadonlySet<FieldPath>>;

type Tree = Readonly<Record<string, unknown>>;

/** Fields that say which object is meant: nobody owns them. */
const IDENTITY = new Set(["apiVersion", "kind", "metadata/name", "metadata/namespace", "metadata/uid"]);
const OF_SERVER = new Set(["metadata/resourceVersion", "metadata/generation", "metadata/creationTimestamp"]);

export interface Applied {
  readonly object: KubernetesObject;
  readonly owners: Ownership;
}

/** Server-side apply, as far as tests need it: what a manager applied before and no longer does goes away. */
export function applyFields(
  before: KubernetesObject | undefined,
  owners: Ownership,
  applied: KubernetesObject,
  manager: string,
  force: boolean,
): Applied {
  const wanted = leavesOf(applied);
  const current = before === undefined ? new Map<FieldPath, unknown>() : leavesOf(before);
  const conflicts = [...wanted].filter(
    ([path, value]) => !same(current.get(path), value) && ownersOf(owners, path).some((other) => other !== manager),
  );
  if (conflicts.length > 0 && !force) throw conflict(conflicts, owners);
  const result = structuredClone(before ?? identityOf(applied)) as Record<string, unknown>;
  const after = new Map(owners);
  for (const path of owners.get(manager) ?? []) {
    const shared = ownersOf(owners, path).some((other) => other !== manager);
    if (!wanted.has(path) && !shared) remove(result, path.split("\n"));
  }
  for (const [path] of conflicts) {
    for (const [other, fields] of after) after.set(other, new Set([...fields].filter((field) => field !== path)));
  }
  for (const [path, value] of wanted) set(result, path.split("\n"), structuredClone(value));
  after.set(manager, new Set(wanted.keys()));
  return { object: result as unknown as KubernetesObject, owners: after };
}

function identityOf({ apiVersion, kind, metadata: { name, namespace } }: KubernetesObject): object {
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}

/** `metadata.managedFields` as the API shows them. */
export function managedFieldsOf(owners: Ownership): KubernetesObject["metadata"]["managedFields"] {
  return [...owners]
    .filter(([, fields]) => fields.size > 0)
    .map(([manager, fields]) => {
      const fieldsV1: Record<string, unknown> = {};
      for (const path of fields)
        set(
          fieldsV1,
          path.split("\n").map((name) => `f:${name}`),
          {},
        );
      return { manager, operation: "Apply", fieldsType: "FieldsV1", fieldsV1 };
    });
}

/** Merge patch (RFC 7396). */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isTree(patch)) return patch;
  const result: Record<string, unknown> = isTree(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, name);
    else result[name] = mergePatch(result[name], value);
  }
  return result;
}

/** JSON patch (RFC 6902): add, replace, remove and test, without positions in lists other than `-`. */
export function jsonPatch(target: unknown, operations: readonly Tree[]): unknown {
  const result = structuredClone(target) as Record<string, unknown>;
  for (const { op, path, value } of operations) {
    const names = String(path)
      .split("/")
      .slice(1)
      .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
    if (op === "test" && !same(read(result, names), value)) {
      throw new Refusal(
        422,
        "Invalid",
        `the server rejected our request due to an error in our request: test ${String(path)}`,
      );
    }
    if (op === "remove") remove(result, names);
    if (op === "add" || op === "replace") set(result, names, structuredClone(value));
  }
  return result;
}

function leavesOf(object: object): Map<FieldPath, unknown> {
  const leaves = new Map<FieldPath, unknown>();
  const walk = (value: unknown, path: readonly string[]): void => {
    const name = path.join("/");
    if (IDENTITY.has(name) || OF_SERVER.has(name) || name === "metadata/managedFields") return;
    if (isTree(value) && Object.keys(value).length > 0) {
      for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key]);
    } else if (path.length > 0) {
      leaves.set(path.join("\n"), value);
    }
  };
  walk(object, []);
  for (const name of ["apiVersion", "kind"]) leaves.delete(name);
  return leaves;
}

function conflict(conflicts: readonly (readonly [FieldPath, unknown])[], owners: Ownership): Refusal {
  const causes = conflicts.map(([path]) => ({
    reason: "FieldManagerConflict",
    field: `.${path.replaceAll("\n", ".")}`,
    message: `conflict with "${ownersOf(owners, path).join(", ")}"`,
  }));
  return new Refusal(409, "Conflict", `Apply failed with ${causes.length} conflicts`, causes);
}

function ownersOf(owners: Ownership, path: FieldPath): readonly string[] {
  return [...owners].filter(([, fields]) => fields.has(path)).map(([manager]) => manager);
}

function read(tree: unknown, names: readonly string[]): unknown {
  return names.reduce((value: unknown, name) => (isTree(value) ? value[name] : undefined), tree);
}

function set(tree: Record<string, unknown>, names: readonly string[], value: unknown): void {
  const [name = "", ...rest] = names;
  if (rest.length === 0) {
    tree[name] = value;
    return;
  }
  if (Array.isArray(tree[name]) && rest[0] === "-") {
    tree[name] = [...(tree[name] as unknown[]), value];
    return;
  }
  const inner = isTree(tree[name]) ? { ...tree[name] } : {};
  tree[name] = inner;
  set(inner, rest, value);
}

/** Takes out the field, and what is empty without it. */
function remove(tree: Record<string, unknown>, names: readonly string[]): void {
  const [name = "", ...rest] = names;
  if (rest.length === 0) {
    Reflect.deleteProperty(tree, name);
    return;
  }
  if (!isTree(tree[name])) return;
  const inner = { ...tree[name] };
  remove(inner, rest);
  if (Object.keys(inner).length === 0) Reflect.deleteProperty(tree, name);
  else tree[name] = inner;
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Same JSON, whatever the order of its fields; a field that is undefined is none. */
export function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one)) {
    return Array.isArray(other) && one.length === other.length && one.every((item, index) => same(item, other[index]));
  }
  if (!isTree(one) || !isTree(other)) return false;
  for (const name in one) if (!same(one[name], other[name])) return false;
  for (const name in other) if (other[name] !== undefined && one[name] === undefined) return false;
  return true;
}
