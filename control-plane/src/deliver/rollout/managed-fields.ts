import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { MARK } from "./marks.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What Seldon's operator, and client-side tools in its place, called themselves. */
const SELDON_MANAGERS: ReadonlySet<string> = new Set(["manager", "seldon-controller-manager", "seldon-manager"]);

/** Our own field manager. */
export const FIELD_MANAGER = "graphway";

function isSeldons(entry: Fields): boolean {
  return (
    entry["operation"] === "Update" &&
    SELDON_MANAGERS.has(String(entry["manager"])) &&
    (entry["subresource"] ?? "") === ""
  );
}

function isOurs(entry: Fields): boolean {
  return entry["operation"] === "Apply" && entry["manager"] === FIELD_MANAGER && (entry["subresource"] ?? "") === "";
}

/** Sets of fields are trees; the union has every branch of both. */
function union(a: Fields, b: Fields): Fields {
  const merged: Record<string, unknown> = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const known = merged[key];
    merged[key] = known === undefined ? value : union(known as Fields, value as Fields);
  }
  return merged;
}

/**
 * A JSON patch by which the fields that Seldon's operator owned become ours, as if we had applied them; undefined when
 * it owns none. Server-side apply removes what a manager no longer applies only where that manager is the sole owner.
 * The server refuses the patch when the object has changed meanwhile.
 */
export function migrateManagers(managedFields: readonly Fields[]): readonly Fields[] | undefined {
  const theirs = managedFields.filter(isSeldons);
  const [newest] = theirs.toReversed();
  if (newest === undefined) return undefined;
  const ours = managedFields.filter(isOurs);
  const fieldsV1 = [...ours, ...theirs].map((one) => (one["fieldsV1"] ?? {}) as Fields).reduce(union, {});
  const entry = {
    manager: FIELD_MANAGER,
    operation: "Apply",
    apiVersion: (ours[0] ?? newest)["apiVersion"],
    fieldsType: "FieldsV1",
    fieldsV1,
    ...(newest["time"] === undefined ? {} : { time: newest["time"] }),
  };
  const others = managedFields.filter((one) => !isSeldons(one) && !isOurs(one));
  return [
    { op: "test", path: "/metadata/managedFields", value: managedFields },
    { op: "replace", path: "/metadata/managedFields", value: [entry, ...others] },
  ];
}

/** True for objects of which a cache must keep `managedFields`: those of a SeldonDeployment that are not ours yet. */
export function needsManagedFields({ metadata }: KubernetesObject): boolean {
  const owners = metadata.ownerReferences ?? [];
  const isSeldons = owners.some((one) => one.controller === true && one.kind === "SeldonDeployment");
  return isSeldons && metadata.annotations?.[MARK.hash] === undefined;
}
