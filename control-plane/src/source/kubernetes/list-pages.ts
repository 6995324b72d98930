import { ApiError, type ApiClient, type ListOptions } from "../../kubernetes-api/api-client.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import type { ResourceType } from "../../kubernetes-api/resource-types.ts";

export interface Listing {
  readonly objects: readonly KubernetesObject[];
  readonly resourceVersion: string;
}

/** Lists a kind in pages; when the pages expire on the way (410) it starts over, in one piece. */
export async function listInPages(
  client: Pick<ApiClient, "list">,
  type: ResourceType,
  options: ListOptions & { readonly limit: number },
  keep: (object: KubernetesObject) => KubernetesObject,
): Promise<Listing> {
  try {
    return await listOnce(client, type, options, keep);
  } catch (error) {
    if (!isExpired(error)) throw error;
  }
  return listOnce(client, type, { ...options, limit: 0 }, keep);
}

async function listOnce(
  client: Pick<ApiClient, "list">,
  type: ResourceType,
  options: ListOptions,
  keep: (object: KubernetesObject) => KubernetesObject,
): Promise<Listing> {
  const objects: KubernetesObject[] = [];
  let next: string | undefined;
  do {
    const page = await client.list(type, { ...options, ...(next === undefined ? {} : { continue: next }) });
    for (const item of page.items) objects.push(keep(item));
    next = page.continue;
    if (next === undefined) return { objects, resourceVersion: page.resourceVersion };
  } while (options.signal?.aborted !== true);
  throw new Error("the listing was stopped");
}

/** True when the server no longer has the version that it was asked for. */
export function isExpired(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 410 || isTooLarge(error));
}

/** A version from the future: the server's history was rewound, or another server lags behind. */
function isTooLarge(error: ApiError): boolean {
  return error.causes.some(({ reason }) => reason === "ResourceVersionTooLarge");
}
