import { ApiError } from "./api-client.ts";
import type { ObjectKey } from "./object.ts";
import type { ResourceType } from "./resource-types.ts";

/** `/api/v1` or `/apis/<group>/<version>`. */
export function groupPath(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** Where the objects of a kind are listed: of one namespace, or of all. */
export function collectionPath(type: ResourceType, namespace?: string): string {
  const scope = type.namespaced && namespace !== undefined ? `/namespaces/${segment(namespace, "namespace")}` : "";
  return `${groupPath(type.apiVersion)}${scope}/${type.plural}`;
}

/** Where one object is. An object of a namespaced kind must name its namespace. */
export function objectPath(type: ResourceType, key: ObjectKey, subresource?: string): string {
  const below = subresource === undefined ? "" : `/${subresource}`;
  const namespace = type.namespaced ? key.namespace : undefined;
  return `${collectionPath(type, namespace)}/${segment(key.name, "name")}${below}`;
}

/** A query string with its `?`; what is undefined is left out. */
export function query(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) search.append(name, String(value));
  }
  return search.size === 0 ? "" : `?${search.toString()}`;
}

/** An empty name would mean all objects, and dots another path. */
function segment(value: string, what: string): string {
  if (value === "" || value === "." || value === "..") {
    throw new ApiError(400, "BadRequest", `"${value}" is not the ${what} of an object`);
  }
  return encodeURIComponent(value);
}
