import { FIELD_MANAGER } from "../../deliver/rollout/managed-fields.ts";
import type { SeldonDeploymentStatus } from "../../deliver/status/seldon-status.ts";
import { ApiError, type ApiClient } from "../../kubernetes-api/api-client.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import { sameJson } from "./same-json.ts";

/**
 * Makes `status` the whole status of a SeldonDeployment, if it is still the same one. The object as it is then; undefined:
 * it said so already, or it is gone.
 */
export async function writeStatus(
  client: Pick<ApiClient, "patch">,
  resource: KubernetesObject,
  status: SeldonDeploymentStatus,
): Promise<KubernetesObject | undefined> {
  if (sameJson(status, resource["status"])) return undefined;
  const { namespace = "", name, uid } = resource.metadata;
  const patch = [
    { op: "test", path: "/metadata/uid", value: uid },
    { op: "add", path: "/status", value: status },
  ];
  try {
    const options = { subresource: "status", fieldManager: FIELD_MANAGER } as const;
    return await client.patch(RESOURCE.seldonDeployment, { namespace, name }, patch, options);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** It is not there, or another of its name is: what the server answers where a JSON patch's test fails names no cause. */
function isGone(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.status === 404 || (error.status === 422 && error.causes.length === 0);
}
