import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { isSeldons, markOf, SELDON_LAST_APPLIED } from "./marks.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What Seldon's operator, and client-side tools in its place, called themselves. */
const SELDON_MANAGERS: ReadonlySet<string> = new Set(["manager", "seldon-controller-manager", "seldon-manager"]);

/** Our own field manager. */
export const FIELD_MANAGER = "graphway";

function isTheirs(entry: Fields): boolean {
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

function fieldsOf(entry: Fields): Fields {
  return (entry["fieldsV1"] ?? {}) as Fields;
}

const TEMPLATE = "f:template";

/** A Deployment's fields but those of its pods, and those of its pods; undefined where there are none. */
function splitTemplate(entry: Fields): { readonly others: Fields | undefined; readonly template: Fields | undefined } {
  const { "f:spec": spec = {}, ...fields } = fieldsOf(entry);
  const { [TEMPLATE]: template, ...others } = spec as Fields;
  const rest = { ...fields, ...(Object.keys(others).length === 0 ? {} : { "f:spec": others }) };
  return {
    others: Object.keys(rest).length === 0 ? undefined : { ...entry, fieldsV1: rest },
    template: template === undefined ? undefined : { ...entry, fieldsV1: { "f:spec": { [TEMPLATE]: template } } },
  };
}

/** What becomes ours of what Seldon's operator owns, and what stays with it. */
function divide(
  entries: readonly Fields[],
  keepsTemplate: boolean,
): { readonly given: readonly Fields[]; readonly kept: readonly Fields[] } {
  if (!keepsTemplate) return { given: entries, kept: [] };
  const parts = entries.map(splitTemplate);
  const given = parts.map((one) => one.others).filter((one) => one !== undefined);
  return { given, kept: parts.map((one) => one.template).filter((one) => one !== undefined) };
}

/**
 * A JSON patch by which the fields that Seldon's operator owned become ours, as if we had applied them; undefined when
 * it owns none. Server-side apply removes what a manager no longer applies only where that manager is the sole owner.
 * With `keepsTemplate` the pod template of a Deployment stays with it, for a write that does not name the template. The
 * server refuses the patch when the object has changed meanwhile.
 */
export function migrateManagers(
  managedFields: readonly Fields[],
  keepsTemplate = false,
): readonly Fields[] | undefined {
  const { given, kept } = divide(managedFields.filter(isTheirs), keepsTemplate);
  const [newest] = given.toReversed();
  if (newest === undefined) return undefined;
  const ours = managedFields.filter(isOurs);
  const fieldsV1 = [...ours, ...given].map(fieldsOf).reduce(union, {});
  const entry = {
    manager: FIELD_MANAGER,
    operation: "Apply",
    apiVersion: (ours[0] ?? newest)["apiVersion"],
    fieldsType: "FieldsV1",
    fieldsV1,
    ...(newest["time"] === undefined ? {} : { time: newest["time"] }),
  };
  const others = managedFields.filter((one) => !isTheirs(one) && !isOurs(one));
  return [
    { op: "test", path: "/metadata/managedFields", value: managedFields },
    { op: "replace", path: "/metadata/managedFields", value: [entry, ...kept, ...others] },
  ];
}

/** True for objects of which a cache must keep `managedFields`: those of a SeldonDeployment that are not wholly ours yet. */
export function needsManagedFields(object: KubernetesObject): boolean {
  const owners = object.metadata.ownerReferences ?? [];
  const isOwned = owners.some((one) => one.controller === true && one.kind === "SeldonDeployment");
  return isOwned && isHalfSeldons(object);
}

/** Some of its fields are still owned by Seldon's operator. */
function isHalfSeldons(object: KubernetesObject): boolean {
  return isSeldons(object) || markOf(object, "adopted") !== undefined;
}

/** What has to be patched before `wanted` is applied over what Seldon's operator wrote; undefined: nothing. */
export function takeOverPatch(wanted: KubernetesObject, live: KubernetesObject): readonly Fields[] | undefined {
  if (!isHalfSeldons(live)) return undefined;
  const keepsTemplate = wanted.kind === "Deployment" && !("template" in (wanted["spec"] as Fields));
  const migration = migrateManagers(live.metadata.managedFields ?? [], keepsTemplate) ?? [];
  const isNoted = live.metadata.annotations?.[SELDON_LAST_APPLIED] !== undefined;
  const removal = isNoted
    ? [{ op: "remove", path: `/metadata/annotations/${escapePointer(SELDON_LAST_APPLIED)}` }]
    : [];
  const patch = [...migration, ...removal];
  return patch.length === 0 ? undefined : patch;
}

/** A key as JSON Pointer has it (RFC 6901 §3). */
function escapePointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
