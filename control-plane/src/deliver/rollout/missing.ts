import { sameQuantity } from "./quantity.ts";

/**
 * Lists of the core API that the server merges by key: what others added stays, and order means nothing. Every other
 * list is compared whole.
 */
const LIST_KEYS: Readonly<Record<string, readonly string[]>> = {
  containers: ["name"],
  initContainers: ["name"],
  env: ["name"],
  volumes: ["name"],
  volumeMounts: ["mountPath"],
  volumeDevices: ["devicePath"],
  ports: ["containerPort", "port", "protocol"],
  imagePullSecrets: ["name"],
  hostAliases: ["ip"],
  topologySpreadConstraints: ["topologyKey", "whenUnsatisfiable"],
  resourceClaims: ["name"],
  ownerReferences: ["uid"],
};

/** Fields, or parents of fields, whose values are quantities. */
const QUANTITIES = new Set(["requests", "limits", "averageValue", "sizeLimit", "divisor", "target"]);

/** What a key is when an item does not say it. */
const KEY_DEFAULTS: Readonly<Record<string, string>> = { protocol: "TCP" };

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Servers leave out what is empty. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isFields(value) && Object.values(value).every(isEmpty);
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function keyOf(item: unknown, keys: readonly string[]): string {
  const fields = isFields(item) ? item : {};
  if (keys.length === 1) return textOf(fields[keys[0] ?? ""]);
  return keys.map((key) => textOf(fields[key] ?? KEY_DEFAULTS[key])).join("/");
}

function join(first: string, rest: string): string {
  return rest === "" || rest.startsWith("[") ? `${first}${rest}` : `${first}.${rest}`;
}

function missingInMerged(
  wanted: readonly unknown[],
  live: readonly unknown[],
  keys: readonly string[],
): string | undefined {
  let byKey: Map<string, unknown> | undefined;
  for (const [index, item] of wanted.entries()) {
    const key = keyOf(item, keys);
    const same = keyOf(live[index], keys) === key;
    byKey ??= same ? undefined : new Map(live.map((one) => [keyOf(one, keys), one]));
    const found = missing(item, same ? live[index] : byKey?.get(key));
    if (found !== undefined) return join(`[${key}]`, found);
  }
  return undefined;
}

function missingInList(wanted: readonly unknown[], live: unknown, field: string): string | undefined {
  const items: readonly unknown[] = Array.isArray(live) ? live : [];
  const keys = LIST_KEYS[field];
  if (keys !== undefined && wanted.every(isFields)) return missingInMerged(wanted, items, keys);
  if (items.length !== wanted.length) return "";
  for (let index = 0; index < wanted.length; index += 1) {
    const found = missing(wanted[index], items[index], field);
    if (found !== undefined) return join(`[${index}]`, found);
  }
  return undefined;
}

function isPlain(value: unknown): value is string | number {
  return typeof value === "string" || typeof value === "number";
}

function sameValue(wanted: unknown, live: unknown, field: string, parent: string): boolean {
  if (wanted === live || (isEmpty(wanted) && isEmpty(live))) return true;
  if (!isPlain(wanted) || !isPlain(live)) return false;
  if (typeof wanted !== typeof live && String(wanted) === String(live)) return true;
  return (QUANTITIES.has(field) || QUANTITIES.has(parent)) && sameQuantity(wanted, live);
}

/**
 * The first path at which an object of a cluster does not have what is wanted of it; undefined when it has everything.
 * What is not wanted does not matter. Knows what a Kubernetes server makes of a value: other spellings of quantities,
 * numbers as texts, empty fields left out, lists merged by key. `field` and `parent` are the names under which the
 * values stand.
 */
export function missing(wanted: unknown, live: unknown, field = "", parent = ""): string | undefined {
  if (wanted === live) return undefined;
  if (Array.isArray(wanted)) return isEmpty(wanted) && isEmpty(live) ? undefined : missingInList(wanted, live, field);
  if (!isFields(wanted)) return sameValue(wanted, live, field, parent) ? undefined : "";
  if (!isFields(live)) return isEmpty(wanted) && live === undefined ? undefined : "";
  for (const key in wanted) {
    const found = missing(wanted[key], live[key], key, field);
    if (found !== undefined) return join(key, found);
  }
  return undefined;
}
